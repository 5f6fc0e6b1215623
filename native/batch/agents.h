// Who sends, and how it goes with each: counted beside the ledger, and never instead of it.
//
// Bounded: when a new sender finds no room, one that was silent for long makes it, and otherwise its packets
// are counted as those of others. Used by one thread at a time, like the intake that owns it.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "../hep/packet.h"
#include "drop.h"

namespace hepcapd {

// What is known of a sender: of an address, and of each capture agent id that came from there.
struct Agent {
  Address address;
  bool hasId = false;
  uint8_t versions = 0;  // bit N: HEP version N was seen; bit 0: SIP without HEP
  uint32_t id = 0;
  uint64_t packets = 0;  // refused ones too
  uint64_t octets = 0;   // of them, UDP payload or HEP packet
  int64_t firstUs = 0;   // microseconds since the epoch, by our clock
  int64_t lastUs = 0;
  std::array<uint64_t, size_t(Drop::count)> refused{};

  // How far its clock is ahead of ours, microseconds, below 0 behind: the most that a packet of the last one
  // to two minutes was ahead, since the way here only makes it less.
  bool hasSkew() const { return skewUs() != INT64_MIN; }
  int64_t skewUs() const { return earlierAheadUs > aheadUs ? earlierAheadUs : aheadUs; }

  int64_t windowUs = 0;  // when the window began that `aheadUs` is of
  int64_t aheadUs = INT64_MIN;
  int64_t earlierAheadUs = INT64_MIN;
};

class Agents {
 public:
  // A HEP packet that was taken.
  void met(const Address& sender, int64_t nowUs, size_t octets, const HepPacket& hep);
  // One without HEP.
  void met(const Address& sender, int64_t nowUs, size_t octets);
  // One that was not taken, or was cut short.
  void refused(const Address& sender, int64_t nowUs, size_t octets, Drop why);

  std::vector<Agent> all() const;
  uint64_t others() const { return others_; }  // packets of senders that found no room

  static constexpr size_t kAgents = 4096;
  static constexpr int64_t kSilentUs = 600'000'000;
  static constexpr int64_t kWindowUs = 60'000'000;

 private:
  static constexpr size_t kWays = 8;
  static constexpr size_t kSets = kAgents / kWays;
  using Set = std::array<Agent, kWays>;

  Agent* count(const Address& sender, bool hasId, uint32_t id, int64_t nowUs, size_t octets);
  Agent* find(const Address& sender, bool hasId, uint32_t id, int64_t nowUs);

  std::unique_ptr<Set[]> sets_;  // made for the first sender
  Agent* last_ = nullptr;        // packets come in runs
  uint64_t others_ = 0;
};

}  // namespace hepcapd
