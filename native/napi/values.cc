#include "values.h"

#include <arpa/inet.h>
#include <uv.h>

namespace hepcapd {

Napi::Error toJsError(Napi::Env env, const OsError& error) {
  Napi::Error js = Napi::Error::New(env, error.what());
  js.Value().Set("code", uv_err_name(-error.code));
  js.Value().Set("syscall", error.syscall);
  js.Value().Set("cure", error.cure);
  return js;
}

Bytes bytesOf(const Napi::Value& value) {
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    const auto* base = static_cast<const uint8_t*>(array.ArrayBuffer().Data());
    return {base + array.ByteOffset(), array.ByteLength()};
  }
  if (value.IsArrayBuffer()) {
    auto buffer = value.As<Napi::ArrayBuffer>();
    return {static_cast<const uint8_t*>(buffer.Data()), buffer.ByteLength()};
  }
  throw Napi::TypeError::New(value.Env(), "expected a Buffer, a typed array or an ArrayBuffer");
}

std::vector<int> descriptorsOf(const Napi::Value& value) {
  std::vector<int> descriptors;
  if (!value.IsArray()) return descriptors;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value one = list[i];
    descriptors.push_back(one.ToNumber().Int32Value());
  }
  return descriptors;
}

Address addressOf(const std::string& scoped) {
  uint8_t octets[16];
  const std::string text = scoped.substr(0, scoped.find('%'));
  if (::inet_pton(AF_INET, text.c_str(), octets) == 1) return Address::ipv4(octets);
  if (::inet_pton(AF_INET6, text.c_str(), octets) != 1) return {};
  // A dual-stack listener sees its IPv4 peers as ::ffff:a.b.c.d.
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(octets, kMapped, sizeof kMapped) == 0 ? Address::ipv4(octets + 12)
                                                           : Address::ipv6(octets);
}

}  // namespace hepcapd
