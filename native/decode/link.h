// Link layers: what stands before the IP header.
//
//   Ethernet    destination 6 | source 6 | [tag 0x8100, 0x88a8, 0x9100: type 2, control 2]* | type 2
//   802.3       destination 6 | source 6 | length 2 | LLC 3 | [SNAP: organisation 3 | type 2]
//   cooked v1   packet type 2 | hardware 2 | length 2 | address 8 | type 2, then tags as above
//   cooked v2   type 2 | reserved 2 | interface 4 | hardware 2 | packet type 1 | length 1 | address 8
//   loopback    address family 4: in the order of the host that captured (NULL), or big-endian (LOOP)
//   PPPoE       version and type 1 | code 1 | session 2 | length 2 | PPP protocol 2
//   PPP         [0xff 0x03] | protocol 1 or 2
//   MPLS        [label 20 bits, class 3, bottom 1, time to live 8]*, then see mpls.h
#pragma once

#include "../base/bytes.h"
#include "refusal.h"

namespace hepcapd {

// EtherTypes, also what the tunnels say of what they carry.
enum EtherType : uint16_t {
  kTypeIpv4 = 0x0800,
  kTypeTransparentEthernet = 0x6558,  // a whole Ethernet frame
  kTypeVlan = 0x8100,
  kTypeIpv6 = 0x86dd,
  kTypeMpls = 0x8847,
  kTypeMplsMulticast = 0x8848,
  kTypePppoeSession = 0x8864,
  kTypeProvider = 0x88a8,
  kTypeOldProvider = 0x9100,
};

struct Link {
  Bytes ip;            // from the first octet of the IP header on, padding included
  uint64_t scope = 0;  // tells networks that may use the same addresses apart: VLANs, tunnels
};

// Folds one more identity into a scope. Not meant against forgery: who can choose tunnel numbers to make two
// scopes equal can also write the number of the other tunnel into a packet.
inline uint64_t within(uint64_t scope, uint64_t identity) {
  scope = (scope ^ identity) * 0x9e3779b97f4a7c15;
  return scope ^ scope >> 32;
}

// `linkType` is a LINKTYPE_ number of the pcap registry.
Refusal decodeLink(uint32_t linkType, Bytes frame, Link& out);

// The same from an EtherType on, which stands before `rest`: for what tunnels carry.
Refusal decodeCarried(uint16_t type, Bytes rest, Link& out);

}  // namespace hepcapd
