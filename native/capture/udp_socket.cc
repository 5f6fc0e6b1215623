#include <netinet/in.h>
#include <sys/socket.h>

#include "datagram_run.h"
#include "numeric_socket.h"
#include "socket_options.h"
#include "udp_input.h"

namespace hepcapd {
namespace {

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

}  // namespace

UdpSocket UdpSocket::open(const UdpOptions& options) {
  SocketAddress address;
  Fd fd = makeSocket(SOCK_DGRAM, options.address, options.port, address);
  if (options.shared) enable(fd.get(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT");
  enable(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
  enable(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, "SO_RXQ_OVFL");
  if (options.takes != UdpTakes::hep || options.tellsReceiver) tellDestinations(fd.get(), address.family());
  const uint32_t granted = growReceiveBuffer(fd.get(), options.rcvbufBytes);
  bindSocket(fd.get(), address);
  const Endpoint bound = boundTo(fd.get());
  return {std::move(fd), bound.port, granted, options.takes, bound.address, options.tellsReceiver};
}

UdpSocket UdpSocket::adopt(Fd fd, const UdpOptions& options) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0)
    throw OsError("getsockopt SO_TYPE", errno);
  if (type != SOCK_DGRAM) throw OsError("getsockopt SO_TYPE", EPROTOTYPE);
  const uint32_t granted = receiveBufferOf(fd.get());
  const Endpoint bound = boundTo(fd.get());
  return {std::move(fd), bound.port, granted, options.takes, bound.address, options.tellsReceiver};
}

}  // namespace hepcapd
