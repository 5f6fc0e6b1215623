// Buckets: what a second allows, and no more; in bounded memory, whoever sends.
#include "senders/rate_limiter.h"

#include <doctest/doctest.h>

using namespace hepcapd;

namespace {

constexpr int64_t kSecond = 1'000'000'000;

Address made(uint32_t number) {
  const uint8_t octets[4] = {uint8_t(number >> 24), uint8_t(number >> 16), uint8_t(number >> 8),
                             uint8_t(number)};
  return Address::ipv4(octets);
}

uint32_t takenAt(RateLimiter& limiter, const Address& sender, int64_t nowNs, uint32_t tries) {
  uint32_t taken = 0;
  for (uint32_t i = 0; i < tries; i++) taken += limiter.take(sender, nowNs);
  return taken;
}

}  // namespace

TEST_CASE("a second's packets at once, then as many as the time since allows") {
  for (const uint32_t rate : {1u, 3u, 7u, 1000u, 999'999u}) {
    CAPTURE(rate);
    RateLimiter limiter(rate);
    int64_t now = 5 * kSecond;
    CHECK(takenAt(limiter, made(1), now, rate + 10) == rate);
    now += kSecond / rate + 1;
    CHECK(takenAt(limiter, made(1), now, 10) == 1);
    now += 10 * kSecond;
    CHECK(takenAt(limiter, made(1), now, rate + 10) == rate);
  }
}

TEST_CASE("one sender's packets are no other's") {
  RateLimiter limiter(10);
  CHECK(takenAt(limiter, made(1), kSecond, 100) == 10);
  CHECK(takenAt(limiter, made(2), kSecond, 5) == 5);
  CHECK(takenAt(limiter, made(2), kSecond, 100) == 5);
}

TEST_CASE("a packet that is put off has cost nothing") {
  RateLimiter limiter(10);
  for (int i = 0; i < 100; i++) {
    CHECK(limiter.take(made(1), kSecond));
    limiter.giveBack(made(1));
  }
  CHECK(takenAt(limiter, made(1), kSecond, 100) == 10);
  limiter.giveBack(made(77));  // of whom nobody knows
}

TEST_CASE("a million made-up senders: who is over the rate stays so, who is under it is served") {
  constexpr uint32_t kFlood = 1'000'000;
  RateLimiter limiter(100);
  const Address greedy = made(0xc0000201), modest = made(0xc0000202);
  int64_t now = kSecond;
  uint32_t fromGreedy = 0, fromModest = 0, asked = 0;
  for (uint32_t i = 0; i < kFlood; i++) {
    limiter.take(made(i), now);
    now += 10'000;                                              // 100,000 a second, for ten seconds
    if (i % 100 == 0) fromGreedy += limiter.take(greedy, now);  // 1,000 a second
    if (i % 2000 == 0) {
      asked++;
      fromModest += limiter.take(modest, now);  // 50 a second
    }
  }
  CHECK(fromModest == asked);
  CHECK(fromGreedy <= 100 + 10 * 100);
}
