// From a captured frame to the UDP datagram in it: link layer -> IP -> UDP.
//
// Nothing here reads past the frame, writes it, allocates, or keeps anything from one frame to the next.
// What is not a whole datagram is refused by a name, and each name is a counter.
#pragma once

#include "../base/address.h"
#include "../base/bytes.h"

namespace hepcapd {

enum class Refusal : uint8_t {
  none,
  linkType,       // a link layer that we do not know
  linkTruncated,  // the frame ends before its link header does
  notIp,          // ARP, LLDP, ...
  ipTruncated,    // the frame ends within the IP header or an extension header
  ipMalformed,    // a version, header length or total length that cannot be
  fragment,       // a part of a datagram
  notUdp,
  udpTruncated,  // captured with a snap length that cut the datagram
  udpMalformed,  // a UDP length that is shorter than its header or reaches beyond the IP packet
  count
};
const char* refusalName(Refusal refusal);  // "link_type", "link_truncated", ...

struct Datagram {
  Address source;
  Address destination;
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  uint8_t protocol = 0;  // IP protocol number
  Bytes payload;         // within the frame
};

// `linkType` is a LINKTYPE_ number of the pcap registry. `out` means something only when the answer is
// Refusal::none.
Refusal decodeFrame(uint32_t linkType, Bytes frame, Datagram& out);

}  // namespace hepcapd
