#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "datagram_run.h"
#include "socket_options.h"
#include "udp_input.h"

namespace hepcapd {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
};

// A numeric address, an IPv6 one with its scope (fe80::1%eth0); no name is resolved here.
SocketAddress socketAddress(const std::string& text, uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(text.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    throw OsError("getaddrinfo " + text, EINVAL);
  }
  SocketAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

// The wildcard is one socket for both families, or IPv4 alone on a host without IPv6.
Fd makeSocket(const UdpOptions& options, SocketAddress& address) {
  const bool any = options.address.empty();
  address = socketAddress(any ? "::" : options.address, options.port);
  Fd fd(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd && any && errno == EAFNOSUPPORT) {
    address = socketAddress("0.0.0.0", options.port);
    fd = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!fd) throw OsError("socket", errno);
  if (address.family() == AF_INET6) {
    const int only = any ? 0 : 1;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  return fd;
}

Endpoint boundTo(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return endpointOf(storage);
}

// Of a socket for both families each datagram tells its own; an IPv4 one as a mapped address.
void tellDestinations(int fd, int family) {
  if (family == AF_INET6) {
    enable(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO");
  } else {
    enable(fd, IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO");
  }
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
  if (options.takes != UdpTakes::hep || options.tellsReceiver) tellDestinations(fd.get(), address.family());
  const uint32_t granted = growReceiveBuffer(fd.get(), options.rcvbufBytes);
  bindSocket(fd.get(), address);
  const Endpoint bound = boundTo(fd.get());
  return {std::move(fd), bound.port, granted, options.takes, bound.address, options.tellsReceiver};
}

}  // namespace hepcapd
