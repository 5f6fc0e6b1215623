// Link layers: what stands before the IP header.
//
//   Ethernet    destination 6 | source 6 | [tag 0x8100, 0x88a8, 0x9100: type 2, control 2]* | type 2
//   cooked v1   packet type 2 | hardware 2 | length 2 | address 8 | type 2, then tags as above
//   cooked v2   type 2 | reserved 2 | interface 4 | hardware 2 | packet type 1 | length 1 | address 8
//   loopback    address family 4: in the order of the host that captured (NULL), or big-endian (LOOP)
#pragma once

#include "datagram.h"

namespace hepcapd {

// `ip` is the rest of the frame from the first octet of the IP header on, padding included.
Refusal decodeLink(uint32_t linkType, Bytes frame, Bytes& ip);

}  // namespace hepcapd
