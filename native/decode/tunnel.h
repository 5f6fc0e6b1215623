// Tunnels: what is carried inside an IP packet or a UDP datagram.
//
//   IPIP, 6in4   nothing: the inner IP header follows
//   GRE          checksum, key, sequence bits and version 2 | EtherType 2 | [checksum 2, 2] | [key 4] |
//   [sequence 4] ERSPAN       in GRE; I: nothing; II: 8; III: 12, and 8 more if its last bit says so; then an
//   Ethernet frame EtherIP      version 4 bits, 12 reserved | Ethernet frame VXLAN        flags 1 | 3 |
//   network 3 | 1 | Ethernet frame GENEVE       version 2 bits, option length in fours 6 bits | flags 1 |
//   EtherType 2 | network 3 | 1 | options TZSP         version 1 | type 1 | encapsulated protocol 2 | [tag 1,
//   length 1, value]* | end 1 | Ethernet frame GTP-U        flags 1 | type 1 | length 2 | tunnel 4 |
//   [sequence 2, number 1, next 1, [extension]*] | IP MPLS         labels, alone or behind UDP
#pragma once

#include "link.h"
#include "segment.h"

namespace hepcapd {

struct Tunnel {
  Refusal refusal = Refusal::none;
  uint16_t type = 0;  // EtherType
  uint32_t id = 0;    // the number that tells tunnels between the same two hosts apart
  Bytes carried;
};

// Both answer whether a tunnel's header stands here; if so, `out` has where it leads, or why it leads
// nowhere.
bool openIpTunnel(uint8_t protocol, Bytes payload, Tunnel& out);
// Ports are shared with whatever else chooses them, so only a header that reads as one counts.
bool openUdpTunnel(const Segment& datagram, Tunnel& out);

inline bool isTunnelPort(uint16_t port) {
  return port == 4789 || port == 6081 || port == 37008 || port == 2152 || port == 6635;
}

}  // namespace hepcapd
