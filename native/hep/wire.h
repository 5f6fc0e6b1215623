// What the HEP decoders share and nobody else needs: the magic, the sizes of headers, and the doors of the
// two version parsers, which parseHep() has already chosen between.
#pragma once

#include "packet.h"

namespace hepcapd::wire {

inline constexpr size_t kMagicSize = 4;
inline constexpr uint32_t kMagicHep3 = 0x48455033;
inline constexpr uint32_t kMagicEep3 = 0x45455033;
inline constexpr size_t kHeaderSize = 6;       // v3: magic and total length
inline constexpr size_t kChunkHeaderSize = 6;  // vendor, type, length

// True when these octets are, or may still become, the start of a v3 packet. EEP3 is the same format under
// the name of its extended successor.
inline bool mayStartV3(Bytes octets) {
  if (octets.empty()) return true;
  if (octets.size >= kMagicSize) {
    const uint32_t magic = readU32(octets.data);
    return magic == kMagicHep3 || magic == kMagicEep3;
  }
  return std::memcmp(octets.data, "HEP", octets.size) == 0 ||
         std::memcmp(octets.data, "EEP", octets.size) == 0;
}

// AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 28 on FreeBSD, 30 on macOS, 23 on Windows, and agents
// put whatever their system has on the wire.
inline Family familyOf(uint8_t octet) {
  switch (octet) {
    case 2:
      return Family::ipv4;
    case 10:
    case 23:
    case 28:
    case 30:
      return Family::ipv6;
    default:
      return Family::none;
  }
}

// Fills an address where it stands; a copy of a just written one would wait for its octets.
inline void place(const uint8_t* at, Family family, Address& address) {
  address.family = family;
  if (family == Family::ipv4) {
    std::memcpy(address.octets.data(), at, 4);
  } else {
    std::memcpy(address.octets.data(), at, 16);
  }
}

HepFault parseV1V2(Bytes packet, HepPacket& out);
HepFault parseV3(Bytes packet, HepPacket& out);

}  // namespace hepcapd::wire
