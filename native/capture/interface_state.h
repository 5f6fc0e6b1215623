// What the kernel says of a network interface and of packet sockets, for who looks whether a host is fit to
// capture. It only asks, and changes nothing; no packet is touched.
#pragma once

#include <string>
#include <vector>

#include "interface.h"

namespace hepcapd {

struct InterfaceState {
  Interface interface;
  bool carrier = false;      // IFF_RUNNING: a cable with something at its other end
  bool promiscuous = false;  // IFF_PROMISC: set by hand; a capture's own membership does not show here
  int mtu = 0;
  // Names of the offloads that are on, as `ethtool -k` has them in the kernel: rx-gro, rx-lro, rx-gro-list,
  // rx-udp-gro-forwarding, rx-vlan-hw-parse, ...; none where the kernel does not tell.
  std::vector<std::string> features;
};

// Throws OsError: ENODEV.
InterfaceState interfaceState(const std::string& name);

// What opening a packet socket as a ring needs it came to: each 0, or the error of its system call.
struct PacketSocketState {
  int socket = 0;    // socket(2); the others are not tried after it failed
  int version = 0;   // TPACKET_V3
  int ring = 0;      // PACKET_RX_RING of the smallest size
  int fanout = 0;    // PACKET_FANOUT with a number of its own
  int overflow = 0;  // SO_RXQ_OVFL, of a UDP socket
};

PacketSocketState packetSocketState();

}  // namespace hepcapd
