// From a captured frame to the UDP datagram or TCP segment in it:
// link layer -> IP -> fragments put together -> [tunnel -> link layer -> IP -> ...] -> UDP or TCP.
//
// Nothing here reads past the frame or writes it, and only fragments are kept from one frame to the next.
// What carries no segment is refused by a name, and each name is a counter.
#pragma once

#include "../capture/frame.h"
#include "link.h"
#include "reassembly.h"
#include "segment.h"

namespace hepcapd {

struct DissectorLimits {
  bool tunnels = true;  // look inside; else what a tunnel carries is notUdpOrTcp, or the outer datagram
  size_t fragmentBytes = 16 << 20;
  size_t fragmentDatagrams = 4096;
  int64_t fragmentTimeoutNs = 30'000'000'000;
};
using DissectorCounters = ReassemblyCounters;

// Owned by one thread: who shows counters elsewhere copies them there.
class Dissector {
 public:
  explicit Dissector(const DissectorLimits& limits = {});

  // One frame carries one segment at most, with the addresses of the innermost packet. With any answer but
  // Refusal::none `out` means nothing. Its payload lies in the frame, or in memory that is valid until the
  // next call.
  Refusal dissect(const Frame& frame, Segment& out);

  const DissectorCounters& counters() const { return reassembly_.counters(); }

 private:
  Refusal packet(const Link& link, IpPacket& ip);

  bool tunnels_;
  Reassembly reassembly_;
};

}  // namespace hepcapd
