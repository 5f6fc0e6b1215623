#include "rate_limiter.h"

#include <algorithm>

#include "address_hash.h"

namespace hepcapd {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

}  // namespace

RateLimiter::RateLimiter(uint32_t perSecond)
    : perSecond_(perSecond), costNs_(kSecondNs / perSecond), sets_(new Set[kSets]) {}

bool RateLimiter::take(const Address& sender, int64_t nowNs) {
  const uint64_t hash = addressHash(sender);
  std::lock_guard lock(lockOf(hash));
  Set& set = setOf(hash);
  auto bucket = std::find_if(set.begin(), set.end(), [&](const Bucket& one) { return one.sender == sender; });
  if (bucket == set.end()) {
    bucket = std::min_element(set.begin(), set.end(), [](const Bucket& one, const Bucket& other) {
      return one.fullNs < other.fullNs;
    });
    *bucket = {sender, 0};
  }
  const int64_t fullNs = std::max(bucket->fullNs, nowNs);
  if (fullNs - nowNs > costNs_ * (perSecond_ - 1)) return false;
  bucket->fullNs = fullNs + costNs_;
  return true;
}

void RateLimiter::giveBack(const Address& sender) {
  const uint64_t hash = addressHash(sender);
  std::lock_guard lock(lockOf(hash));
  for (Bucket& bucket : setOf(hash)) {
    if (bucket.sender == sender) bucket.fullNs -= costNs_;
  }
}

}  // namespace hepcapd
