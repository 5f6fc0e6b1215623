// Making sockets and binding them to numeric addresses; no name is resolved here. Each throws OsError.
#pragma once

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

#include "../base/fd.h"
#include "../base/os_error.h"

namespace hepcapd {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
};

// A numeric address, an IPv6 one with its scope (fe80::1%eth0); no name is resolved here.
inline SocketAddress socketAddress(const std::string& text, uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_DGRAM;  // one answer, not one for each protocol
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

// The wildcard is one socket for both families, or IPv4 alone on a host without IPv6. `address` becomes what
// it is to be bound to.
inline Fd makeSocket(int type, const std::string& text, uint16_t port, SocketAddress& address) {
  const bool any = text.empty();
  address = socketAddress(any ? "::" : text, port);
  Fd fd(::socket(address.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd && any && errno == EAFNOSUPPORT) {
    address = socketAddress("0.0.0.0", port);
    fd = Fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!fd) throw OsError("socket", errno);
  if (address.family() == AF_INET6) {
    const int only = any ? 0 : 1;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  return fd;
}

inline void bindSocket(int fd, const SocketAddress& address) {
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) return;
  const int error = errno;
  std::string cure;
  if (error == EADDRINUSE)
    cure = "another program has this port: stop it, or name another port with --listen";
  if (error == EADDRNOTAVAIL) cure = "this host does not have that address: see `ip address`";
  if (error == EACCES) cure = "ports under 1024 need CAP_NET_BIND_SERVICE";
  throw OsError("bind", error, cure);
}

}  // namespace hepcapd
