// The filters that raw inputs attach: only what may carry SIP on the wanted ports leaves the kernel. Ports
// inside of tunnels and of later fragments are matched in user space.
#pragma once

#include "program.h"

namespace hepcapd {

struct PortFilter {
  uint32_t linkType = 1;  // LINKTYPE_ number of the pcap registry; the filter of any other passes everything
  uint16_t firstPort = 5060;
  uint16_t lastPort = 5061;
  bool allPorts = false;
  bool tunnels = true;
  // IPv6 headers that stand before the ports, which tcpdump's `portrange` does not look behind: hop-by-hop,
  // routing and destination options, and with `tunnels` IP and GRE inside of IPv6.
  bool ipv6Chains = false;
  uint32_t snapLength = 65535;  // octets of a frame that are kept; 0 is all of them
};

// For frames from their link header on. With all terms, under up to two VLAN tags:
//
//   portrange FIRST-LAST or ip[6:2] & 0x1fff != 0 or ip6[6] = 44
//   or ip proto 4 or 41 or 47 or udp port 4789 or 6081 or 37008 or mpls      (tunnels)
//   or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 60                              (ipv6Chains)
//   or ip6[6] = 4 or ip6[6] = 41 or ip6[6] = 47                              (ipv6Chains and tunnels)
Program portFilter(const PortFilter& filter);

// For raw sockets of protocol 4 and 41, whose packets begin with the outer IPv4 header, put together by the
// kernel: the inner packet, IPv4 or IPv6, is judged as a frame of raw IP is. `linkType` has no meaning.
Program ipipFilter(const PortFilter& filter);

}  // namespace hepcapd
