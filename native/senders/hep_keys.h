// The keys that HEP packets may have (chunk 0x000e). How long a comparison takes says nothing about them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "../base/bytes.h"

namespace hepcapd {

inline constexpr size_t kLongestKey = 255;  // octets

class HepKeys {
 public:
  HepKeys() = default;
  // Keys have 1 to kLongestKey octets.
  explicit HepKeys(const std::vector<std::string>& keys);

  bool empty() const { return keys_.empty(); }
  // Every octet of room is compared with every key, wherever they differ first.
  bool match(Bytes key) const;

 private:
  using Room = std::array<uint8_t, kLongestKey + 1>;  // the length, then the key, then zeros
  static Room roomOf(Bytes key);

  std::vector<Room> keys_;
};

}  // namespace hepcapd
