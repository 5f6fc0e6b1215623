// The network interfaces of the network namespace that the calling thread is in.
#pragma once

#include <string>
#include <vector>

#include "../base/os_error.h"

namespace hepcapd {

struct Interface {
  int index = 0;
  std::string name;
  bool up = false;
  bool loopback = false;
  uint16_t hardware = 0;  // ARPHRD_ number

  // LINKTYPE_ number of the frames that a PacketRing hands on for it.
  uint32_t linkType() const;
};

// Ethernet for what has an Ethernet header (the loopback interface has one, of zeros). Anything else is
// captured from its IP header on: what stands before it differs from driver to driver.
uint32_t linkTypeOf(uint16_t hardware);

// Ascending by index. Throws OsError.
std::vector<Interface> interfaces();

// The interface of exactly this name. Throws OsError: ENODEV names those that exist.
Interface interfaceNamed(const std::string& name);

// Of an index as packet sockets speak of them; "" when there is none.
std::string interfaceName(int index);

// False too when there is no interface of that index.
bool isUp(int index);

// What a socket(2) for raw packets failed with, and the way out.
OsError rawSocketError(int error);

}  // namespace hepcapd
