// One frame for each term of the port filters, and a generator that spoils them: the same on every machine.
#pragma once

#include <vector>

#include "frames.h"

namespace hepcapd::test {

inline std::string ports(uint16_t source, uint16_t destination) {
  return u16(source) + u16(destination) + u16(12) + u16(0) + "body";
}

// An IPv4 header with `words` of options.
inline std::string ipv4WithOptions(size_t words, const std::string& payload, uint8_t protocol = 17) {
  std::string packet = ipv4(std::string(words * 4, '\x01') + payload, protocol);
  packet[0] = char(0x45 + words);
  return packet;
}

// What a link header announces: EtherType, and what follows.
struct Typed {
  uint16_t type;
  std::string rest;
  std::string ethernet() const { return test::ethernet(rest, type); }
  std::string cooked() const { return std::string(14, '\0') + u16(type) + rest; }
  std::string cooked2() const { return u16(type) + std::string(18, '\0') + rest; }
  Typed under(uint16_t tag) const { return {tag, u16(100) + u16(type) + rest}; }
};

inline std::vector<Typed> filterFrames() {
  std::vector<Typed> frames;
  const auto v4 = [&](const std::string& packet) { frames.push_back({0x0800, packet}); };
  const auto v6 = [&](const std::string& packet) { frames.push_back({0x86dd, packet}); };
  for (uint16_t port : {80, 5059, 5060, 5061, 5062, 4789, 6081, 37008}) {
    for (uint8_t protocol : {1, 6, 17, 132}) {
      for (const std::string& transport : {ports(port, 9), ports(9, port)}) {
        v4(ipv4(transport, protocol));
        v4(ipv4WithOptions(3, transport, protocol));
        v6(ipv6(transport, protocol));
      }
    }
  }
  for (uint16_t fragment : {0x2000, 0x2001, 0x0001, 0x1fff, 0x4000}) {
    v4(ipv4(ports(9, 9), 17, fragment));
    v4(ipv4(ports(9, 4789), 17, fragment));
  }
  const std::string inner = ipv4(ports(5060, 5060));
  for (uint8_t protocol : {4, 41, 47, 50}) v4(ipv4(inner, protocol));
  for (uint8_t next : {0, 4, 41, 43, 44, 47, 50, 51, 58, 60}) {
    v6(ipv6(octets("\x11\x00\x01\x04\x00\x00\x00\x00") + ports(5060, 5060), next));
  }
  frames.push_back({0x8847, octets("\x00\x01\x01\x40") + inner});
  frames.push_back({0x8848, octets("\x00\x01\x01\x40") + inner});
  frames.push_back({0x0806, std::string(28, '\x01')});
  return frames;
}

// Marsaglia's xorshift: the same numbers everywhere.
class Chance {
 public:
  explicit Chance(uint32_t seed) : state_(seed) {}
  uint32_t below(uint32_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % limit;
  }

 private:
  uint32_t state_;
};

// Other octets at a few places, or an early end.
inline std::string spoiled(std::string frame, Chance& chance) {
  for (uint32_t i = chance.below(3); i > 0 && !frame.empty(); i--) {
    frame[chance.below(uint32_t(frame.size()))] = char(chance.below(256));
  }
  if (chance.below(3) == 0) frame.resize(chance.below(uint32_t(frame.size()) + 1));
  return frame;
}

}  // namespace hepcapd::test
