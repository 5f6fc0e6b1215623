// The memory of one run of datagrams, and what recvmmsg(2) says of each: for sockets that stamp what comes
// (SO_TIMESTAMPNS), may tell what they dropped (SO_RXQ_OVFL), and to which address of ours a datagram went
// (IP_PKTINFO, IPV6_RECVPKTINFO).
#pragma once

#include <sys/socket.h>

#include <memory>
#include <optional>

#include "../base/address.h"
#include "../base/bytes.h"

namespace hepcapd {

inline constexpr unsigned kRunLength = 64;

struct Endpoint {
  Address address;
  uint16_t port = 0;
};
// Of an IPv4 or IPv6 name; an IPv4 address that is mapped into IPv6 is IPv4.
Endpoint endpointOf(const sockaddr_storage& name);

class DatagramRun {
 public:
  struct Stamp {
    int64_t timeNs;                 // the kernel's, or now
    std::optional<uint32_t> drops;  // of the socket so far, if the kernel told it
  };

  DatagramRun();
  ~DatagramRun();
  DatagramRun(const DatagramRun&) = delete;
  DatagramRun& operator=(const DatagramRun&) = delete;

  // Never waits. How many datagrams there are; what follows is about these, until the next read().
  unsigned read(int fd);

  Bytes packet(unsigned i) const;
  const sockaddr_storage& sender(unsigned i) const;
  Stamp stamp(unsigned i) const;
  // As the datagram has it; nothing when the socket does not tell.
  std::optional<Address> destination(unsigned i) const;

 private:
  struct Headers;
  uint8_t* places_;
  std::unique_ptr<Headers> headers_;
};

// What a socket dropped since the last call, given its count so far: 32 bits wide, it wraps, and the
// difference does not.
class DropCount {
 public:
  uint32_t rise(uint32_t count) {
    const uint32_t before = seen_;
    seen_ = count;
    return count - before;
  }
  // Drops after the last datagram that was queued are told by no datagram (SOCK_MEMINFO, sock_diag(7)).
  // Those that wait still tell lower counts: do not go back to rise() then.
  uint32_t riseOf(int fd);

 private:
  uint32_t seen_ = 0;
};

}  // namespace hepcapd
