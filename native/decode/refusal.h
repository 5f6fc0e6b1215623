// Why a frame gave no segment. Each name is a counter; nothing here is ever thrown or logged.
#pragma once

#include <cstdint>

namespace hepcapd {

enum class Refusal : uint8_t {
  none,
  linkType,       // a link layer that we do not know
  linkTruncated,  // the frame ends before its link header does, tags and labels included
  linkDepth,      // more tags, labels or headers than any network stacks
  notIp,          // ARP, LLDP, ...
  ipTruncated,    // ends within the IP header or an extension header
  ipMalformed,    // a version, header length or total length that cannot be
  fragmentHeld,   // taken: it waits for the rest of its datagram
  fragmentDuplicate,
  fragmentOverlap,    // contradicts a fragment that came before, or belongs to a datagram where one did
  fragmentMalformed,  // a length or an offset that no fragment has
  fragmentTruncated,  // its end was cut by the snap length
  fragmentBound,      // its datagram alone is larger than the memory for fragments
  notUdpOrTcp,
  udpTruncated,  // captured with a snap length that cut the datagram
  udpMalformed,  // a UDP length that is shorter than its header or reaches beyond the IP packet
  tcpTruncated,  // the snap length cut the header
  tcpMalformed,  // a data offset that is shorter than the header or reaches beyond the IP packet
  greMalformed,  // ends within its header, or routes by source (RFC 1701)
  greVersion,    // version 1 carries PPP (PPTP)
  erspanMalformed,
  geneveMalformed,
  tzspMalformed,
  gtpMalformed,
  tunnelDepth,  // more tunnels within one another than anybody digs
  count
};
const char* refusalName(Refusal refusal);  // "link_type", "link_truncated", ...

}  // namespace hepcapd
