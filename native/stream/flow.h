// One direction between two ports, as a key.
#pragma once

#include "../base/address.h"

namespace hepcapd {

struct Flow {
  Address source;
  Address destination;
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  bool operator==(const Flow&) const = default;
};

// Multiplies and folds under a seed: who sends the packets cannot choose where they go in a table.
class FlowHash {
 public:
  explicit FlowHash(uint64_t seed) : seed_(seed) {}

  size_t operator()(const Flow& flow) const {
    const uint64_t ports = uint64_t(flow.sourcePort) << 16 | flow.destinationPort;
    return size_t(mix(mix(mix(seed_, flow.source), flow.destination), ports, uint64_t(flow.source.family)));
  }

 private:
  static uint64_t mix(uint64_t state, const Address& address) {
    uint64_t halves[2];
    static_assert(sizeof halves == sizeof address.octets);
    std::memcpy(halves, address.octets.data(), sizeof halves);
    return mix(state, halves[0], halves[1]);
  }
  static uint64_t mix(uint64_t state, uint64_t one, uint64_t other) {
    return fold(fold(state ^ one, 0x9e3779b97f4a7c15) ^ other, 0xd6e8feb86659fd93);
  }
  static uint64_t fold(uint64_t value, uint64_t factor) {
    const unsigned __int128 product = static_cast<unsigned __int128>(value) * factor;
    return uint64_t(product) ^ uint64_t(product >> 64);
  }

  uint64_t seed_;
};

}  // namespace hepcapd
