// IPv4 (RFC 791) and IPv6 (RFC 8200): one packet, its extension headers walked, its padding cut off.
#pragma once

#include "datagram.h"

namespace hepcapd {

struct IpPacket {
  Address source;
  Address destination;
  uint8_t protocol = 0;   // of the payload; 59 when IPv6 says that there is none
  Bytes payload;          // without the padding of the link layer
  bool cutShort = false;  // the packet says that it is longer than what was captured
  bool sizeless = false;  // the header has no length (segmentation offload, jumbograms): the frame's counts
};

// Refuses fragments: one alone is no packet. `out` means something only with Refusal::none.
Refusal decodeIp(Bytes ip, IpPacket& out);

}  // namespace hepcapd
