// An IP address as bytes in network order, with the family that says how many of them count.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace hepcapd {

// Linux address families, as the HEP wire and the `family` column have them.
enum class Family : uint8_t { none = 0, ipv4 = 2, ipv6 = 10 };

struct Address {
  std::array<uint8_t, 16> octets{};
  Family family = Family::none;

  static Address ipv4(const uint8_t* octets) { return read(octets, 4, Family::ipv4); }
  static Address ipv6(const uint8_t* octets) { return read(octets, 16, Family::ipv6); }
  bool operator==(const Address&) const = default;

 private:
  static Address read(const uint8_t* octets, size_t count, Family family) {
    Address address;
    std::memcpy(address.octets.data(), octets, count);
    address.family = family;
    return address;
  }
};

}  // namespace hepcapd
