// UDP (RFC 768) and TCP (RFC 9293): the header of one segment. Checksums are not looked at: hosts that
// compute them in the network card show us none.
#pragma once

#include "ip.h"
#include "segment.h"

namespace hepcapd {

// With Refusal::udpTruncated `out` has its ports and as much of the payload as there is: a tunnel's header
// may still be whole. With any other refusal it means nothing.
Refusal decodeTransport(const IpPacket& ip, Segment& out);

}  // namespace hepcapd
