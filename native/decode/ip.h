// IPv4 (RFC 791) and IPv6 (RFC 8200): one packet, its extension headers walked, its padding cut off.
#pragma once

#include "../base/address.h"
#include "../base/bytes.h"
#include "refusal.h"

namespace hepcapd {

// Where the payload of an IpPacket belongs in its datagram.
struct FragmentPlace {
  uint32_t id = 0;
  uint32_t offset = 0;  // octets
  bool more = false;    // fragments follow
};

struct IpPacket {
  Address source;
  Address destination;
  uint8_t protocol = 0;     // of the payload; 59 when IPv6 says that there is none
  bool fragmented = false;  // the payload is a part, at `place`, and begins with `protocol` at offset 0 only
  bool sizeless = false;    // the header has no length (segmentation offload, jumbograms): the frame's counts
  uint32_t missing = 0;     // octets that the packet says it has more than what was captured
  FragmentPlace place;
  Bytes payload;  // without the padding of the link layer
};

// `out` means something only with Refusal::none.
Refusal decodeIp(Bytes ip, IpPacket& out);

// Passes over the headers between IP and transport, from `packet.protocol` on: what decodeIp does for a
// packet that is no fragment, to be called for the payload of one that was put together.
Refusal walkExtensions(IpPacket& packet);

// Whether a header stands here whose lengths agree with the octets there are: for formats that leave one to
// guess.
bool readsAsIp(Bytes ip);

}  // namespace hepcapd
