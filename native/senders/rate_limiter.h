// How much each sender may send: a bucket for every address, which holds what it may send in one second.
//
// The memory is bounded. A sender that finds no room takes the bucket that remembers least, a full one nearly
// always: so a flood of made-up addresses costs neither memory nor anybody's share, and whoever is over the
// rate is not forgotten for it.
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "../base/address.h"

namespace hepcapd {

class RateLimiter {
 public:
  // Packets a second, 1 to 1,000,000,000.
  explicit RateLimiter(uint32_t perSecond);

  uint32_t perSecond() const { return perSecond_; }
  // May a packet come from there at this moment of a steady clock? Any thread; never waits for long.
  bool take(const Address& sender, int64_t nowNs);
  // The packet was not dealt with, and is offered again.
  void giveBack(const Address& sender);

  static constexpr size_t kSenders = 65'536;

 private:
  static constexpr size_t kWays = 8;
  static constexpr size_t kSets = kSenders / kWays;
  static constexpr size_t kLocks = 64;

  // A bucket is full again at fullNs: a time says all (ITU-T I.371, generic cell rate algorithm).
  struct Bucket {
    Address sender;
    int64_t fullNs = 0;
  };
  using Set = std::array<Bucket, kWays>;

  Set& setOf(uint64_t hash) { return sets_[hash % kSets]; }
  std::mutex& lockOf(uint64_t hash) { return locks_[hash % kLocks]; }

  const uint32_t perSecond_;
  const int64_t costNs_;
  std::unique_ptr<Set[]> sets_;
  std::array<std::mutex, kLocks> locks_;
};

}  // namespace hepcapd
