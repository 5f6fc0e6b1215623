#include "ipip_socket.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "interface.h"
#include "receive_thread.h"
#include "socket_options.h"

namespace hepcapd {
namespace {

constexpr uint32_t kRawIp = 101;  // LINKTYPE_RAW

void bindToAddress(int fd, const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1)
    throw OsError("inet_pton " + text, EINVAL, "IPIP sockets take an IPv4 address");
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  const int error = errno;
  const char* cure = error == EADDRNOTAVAIL ? "this host does not have that address: see `ip address`" : "";
  throw OsError("bind to " + text, error, cure);
}

void bindToDevice(int fd, const std::string& name) {
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.c_str(), socklen_t(name.size() + 1)) != 0)
    throw OsError("setsockopt SO_BINDTODEVICE " + name, errno);
}

// An IP socket receives from the moment it is made. Called under a filter that refuses everything.
void forgetReceived(int fd) {
  char octet;
  while (::recv(fd, &octet, sizeof octet, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == EINTR) {
  }
}

Fd rawSocket(int protocol, uint32_t rcvbufBytes) {
  Fd fd(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd) throw rawSocketError(errno);
  attachFilter(fd.get(), rejectAll());
  growReceiveBuffer(fd.get(), rcvbufBytes);
  return fd;
}

}  // namespace

std::array<Fd, 2> openIpipDescriptors(uint32_t rcvbufBytes) {
  return {rawSocket(IPPROTO_IPIP, rcvbufBytes), rawSocket(IPPROTO_IPV6, rcvbufBytes)};
}

std::unique_ptr<IpipSocket> IpipSocket::open(const IpipOptions& options) {
  std::unique_ptr<IpipSocket> socket(new IpipSocket(options));
  const auto [ipv4, ipv6] = options.adopted;
  socket->start(ipv4 < 0 ? openIpipDescriptors(options.rcvbufBytes) : std::array{Fd(ipv4), Fd(ipv6)});
  return socket;
}

void IpipSocket::start(std::array<Fd, 2> sockets) {
  if (!options_.interface.empty()) interfaceIndex_ = interfaceNamed(options_.interface).index;
  for (size_t i = 0; i < sockets.size(); i++) openChannel(channels_[i], std::move(sockets[i]));
}

void IpipSocket::openChannel(Channel& channel, Fd socket) {
  channel = {std::move(socket), {}};
  const int fd = channel.fd.get();
  enable(fd, SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
  rcvbufBytes_ = receiveBufferOf(fd);
  if (!options_.interface.empty()) bindToDevice(fd, options_.interface);
  if (!options_.address.empty()) bindToAddress(fd, options_.address);
  awaitPacketsUnderWay();
  forgetReceived(fd);
  channel.count.riseOf(fd);  // what fell over before that is no loss
  attachFilter(fd, options_.filter.empty() ? Program{{BPF_RET | BPF_K, 0, 0, UINT32_MAX}} : options_.filter);
}

size_t IpipSocket::read(FrameSink& sink) {
  size_t frames = 0;
  for (const Channel& channel : channels_) frames += readFrom(channel, sink);
  // the next run is worth its system calls then
  if (frames > 0 && frames < kRunLength) nap();
  return frames;
}

unsigned IpipSocket::readFrom(const Channel& channel, FrameSink& sink) {
  const unsigned count = run_.read(channel.fd.get());
  for (unsigned i = 0; i < count; i++) {
    const Bytes packet = run_.packet(i);
    sink.frame({kRawIp, run_.stamp(i).timeNs, packet, uint32_t(packet.size)});
  }
  return count;
}

void IpipSocket::refuseMore() {
  try {
    for (const Channel& channel : channels_) attachFilter(channel.fd.get(), rejectAll());
  } catch (const OsError&) {
    // no memory for one instruction, or no socket: who drains us has a bound in time
  }
}

uint64_t IpipSocket::pending() {
  char octet;
  uint64_t waiting = 0;
  for (const Channel& channel : channels_)
    waiting += ::recv(channel.fd.get(), &octet, sizeof octet, MSG_DONTWAIT | MSG_PEEK) >= 0;
  return waiting;
}

uint64_t IpipSocket::newDrops() {
  for (Channel& channel : channels_) drops_ += channel.count.riseOf(channel.fd.get());
  return std::exchange(drops_, 0);
}

// A socket stays bound to the number that its interface had.
LinkState IpipSocket::link() {
  if (!channels_[0].fd || !channels_[1].fd) return LinkState::gone;
  if (interfaceIndex_ == 0) return LinkState::up;
  if (interfaceName(interfaceIndex_) != options_.interface) return LinkState::gone;
  return isUp(interfaceIndex_) ? LinkState::up : LinkState::down;
}

bool IpipSocket::reopen() {
  drops_ = newDrops();
  channels_ = {};
  if (::if_nametoindex(options_.interface.c_str()) == 0) return false;
  try {
    start(openIpipDescriptors(options_.rcvbufBytes));
    return true;
  } catch (const OsError&) {
    channels_ = {};
    return false;
  }
}

}  // namespace hepcapd
