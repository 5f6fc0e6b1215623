#include "sockets.h"

#include "../capture/ipip_socket.h"
#include "../capture/tcp_port.h"
#include "values.h"

namespace hepcapd {
namespace {

UdpTakes takesNamed(Napi::Env env, const std::string& name) {
  if (name == "hep") return UdpTakes::hep;
  if (name == "sip") return UdpTakes::sip;
  if (name == "sip_or_hep") return UdpTakes::sipOrHep;
  throw Napi::TypeError::New(env, "a UDP listener does not take " + name);
}

UdpOptions udpOptions(const Napi::Object& js) {
  UdpOptions options;
  options.address = js.Get("address").ToString();
  options.port = uint16_t(numberOf(js, "port"));
  options.rcvbufBytes = uint32_t(numberOf(js, "rcvbufBytes"));
  options.takes = takesNamed(js.Env(), js.Get("takes").ToString());
  options.tellsReceiver = js.Get("tellsReceiver").ToBoolean();
  return options;
}

// With SO_REUSEPORT another program of the same user could share the port unseen: so one socket without it
// is bound first, which also finds the port where any will do.
UdpOptions sharedPort(UdpOptions options) {
  options.port = UdpSocket::open(options).port;
  options.shared = true;
  return options;
}

// The caller's, without a fault on the way or not at all.
template <typename Open>
Napi::Value given(Napi::Env env, Open&& open) {
  try {
    std::vector<Fd> opened = open();
    Napi::Array list = Napi::Array::New(env, opened.size());
    for (uint32_t i = 0; i < opened.size(); i++) list.Set(i, opened[i].release());
    return list;
  } catch (const OsError& error) {
    throw toJsError(env, error);
  }
}

Napi::Value openUdp(const Napi::CallbackInfo& info) {
  return given(info.Env(), [&] {
    std::vector<Fd> opened;
    for (UdpSocket& socket : udpSockets(info[0].As<Napi::Object>())) opened.push_back(std::move(socket.fd));
    return opened;
  });
}

Napi::Value openTcp(const Napi::CallbackInfo& info) {
  return given(info.Env(), [&] {
    std::vector<Fd> opened;
    opened.push_back(bindTcp(info[0].ToString(), uint16_t(info[1].ToNumber().Uint32Value())));
    return opened;
  });
}

Napi::Value openIpip(const Napi::CallbackInfo& info) {
  return given(info.Env(), [&] {
    std::vector<Fd> opened;
    for (Fd& fd : openIpipDescriptors(info[0].ToNumber().Uint32Value())) opened.push_back(std::move(fd));
    return opened;
  });
}

}  // namespace

std::vector<UdpSocket> udpSockets(const Napi::Object& js) {
  UdpOptions options = udpOptions(js);
  std::vector<UdpSocket> sockets;
  for (const int fd : descriptorsOf(js.Get("descriptors")))
    sockets.push_back(UdpSocket::adopt(Fd(fd), options));
  if (!sockets.empty()) return sockets;
  const uint32_t workers = std::max(uint32_t(numberOf(js, "workers")), 1u);
  if (workers > 1) options = sharedPort(options);
  while (sockets.size() < workers) sockets.push_back(UdpSocket::open(options));
  return sockets;
}

void registerSockets(Napi::Env env, Napi::Object exports) {
  exports.Set("openUdp", Napi::Function::New(env, openUdp, "openUdp"));
  exports.Set("openTcp", Napi::Function::New(env, openTcp, "openTcp"));
  exports.Set("openIpip", Napi::Function::New(env, openIpip, "openIpip"));
}

}  // namespace hepcapd
