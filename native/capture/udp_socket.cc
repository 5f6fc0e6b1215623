#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "udp_input.h"

namespace hepcapd {
namespace {

void enable(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) != 0)
    throw OsError(std::string("setsockopt ") + name, errno);
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
};

SocketAddress socketAddress(const std::string& text, uint16_t port, int wildcardFamily) {
  SocketAddress address;
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  const bool any = text.empty();
  if (any ? wildcardFamily == AF_INET6 : text.find(':') != std::string::npos) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    if (!any && ::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) != 1)
      throw OsError("inet_pton " + text, EINVAL);
    address.size = sizeof *v6;
  } else {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    if (!any && ::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) != 1)
      throw OsError("inet_pton " + text, EINVAL);
    address.size = sizeof *v4;
  }
  return address;
}

// The wildcard is one socket for both families, or IPv4 alone on a host without IPv6.
Fd makeSocket(const UdpOptions& options, SocketAddress& address) {
  address = socketAddress(options.address, options.port, AF_INET6);
  Fd fd(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd && options.address.empty() && errno == EAFNOSUPPORT) {
    address = socketAddress(options.address, options.port, AF_INET);
    fd = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!fd) throw OsError("socket", errno);
  if (address.family() == AF_INET6) {
    const int only = options.address.empty() ? 0 : 1;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  return fd;
}

// SO_RCVBUFFORCE goes beyond net.core.rmem_max with CAP_NET_ADMIN; the kernel doubles what it is given.
uint32_t growReceiveBuffer(int fd, uint32_t wanted) {
  const int asked = int(std::min<uint32_t>(wanted, INT32_MAX) / 2);
  if (asked > 0 && ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &asked, sizeof asked) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &asked, sizeof asked);
  }
  int granted = 0;
  socklen_t size = sizeof granted;
  ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size);
  return uint32_t(granted);
}

uint16_t boundPort(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

void bindSocket(int fd, const SocketAddress& address) {
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) return;
  const int error = errno;
  std::string cure;
  if (error == EADDRINUSE)
    cure = "another program has this port: stop it, or name another port with --listen";
  if (error == EADDRNOTAVAIL) cure = "this host does not have that address: see `ip address`";
  if (error == EACCES) cure = "ports under 1024 need CAP_NET_BIND_SERVICE";
  throw OsError("bind", error, cure);
}

}  // namespace

UdpSocket UdpSocket::open(const UdpOptions& options) {
  SocketAddress address;
  Fd fd = makeSocket(options, address);
  if (options.shared) enable(fd.get(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT");
  enable(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
  enable(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, "SO_RXQ_OVFL");
  const uint32_t granted = growReceiveBuffer(fd.get(), options.rcvbufBytes);
  bindSocket(fd.get(), address);
  const uint16_t port = boundPort(fd.get());
  return {std::move(fd), port, granted};
}

}  // namespace hepcapd
