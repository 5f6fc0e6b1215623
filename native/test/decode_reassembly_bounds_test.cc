// What fragments may cost: time, octets and datagrams, whatever clocks and floods do.
#include <doctest/doctest.h>

#include "dissected.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNoon = 1'700'000'000 * kSecond;

std::string letters(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; i++) text += char('a' + i % 23);
  return text;
}

}  // namespace

TEST_CASE("reassembly: what is older than the time-out is given up, by the frames' own time") {
  const std::string payload = udp(letters(100));
  const std::string head = ipv4Part(payload, 0, 64), tail = ipv4Part(payload, 64, 64);
  Wire wire;
  CHECK(wire(head, kNoon) == "fragment_held");
  CHECK(wire(tail, kNoon + 30 * kSecond) == letters(100));
  CHECK(wire(head, kNoon) == "fragment_held");
  CHECK(wire(ipv4(udp("other")), kNoon + 30 * kSecond + 1) == "other");  // any frame is a tick of the clock
  CHECK(wire.counters().timedOut == 1);
  CHECK(wire.counters().heldDatagrams == 0);
  CHECK(wire.counters().heldBytes == 0);
  CHECK(wire(tail, kNoon + 30 * kSecond + 1) == "fragment_held");
}

TEST_CASE("reassembly: the time-out counts from the first fragment: a trickle does not prolong it") {
  const std::string payload = udp(letters(200));
  Wire wire;
  CHECK(wire(ipv4Part(payload, 0, 64), kNoon) == "fragment_held");
  CHECK(wire(ipv4Part(payload, 64, 64), kNoon + 29 * kSecond) == "fragment_held");
  CHECK(wire(ipv4Part(payload, 128, 128), kNoon + 31 * kSecond) == "fragment_held");
  CHECK(wire.counters().timedOut == 1);
}

TEST_CASE("reassembly: a time-out ends a condemnation") {
  const std::string payload = udp(letters(100)), other = udp(std::string(100, 'X'));
  Wire wire;
  CHECK(wire(ipv4Part(payload, 0, 64), kNoon) == "fragment_held");
  CHECK(wire(ipv4Part(other, 0, 64), kNoon) == "fragment_overlap");
  CHECK(wire(ipv4Part(payload, 0, 64), kNoon + 31 * kSecond) == "fragment_held");
  CHECK(wire(ipv4Part(payload, 64, 64), kNoon + 31 * kSecond) == letters(100));
  CHECK(wire.counters().timedOut == 0);
  CHECK(wire.counters().contradicted == 1);
}

TEST_CASE("reassembly: clocks that go wrong") {
  const std::string payload = udp(letters(100));
  const std::string head = ipv4Part(payload, 0, 64), tail = ipv4Part(payload, 64, 64);
  SUBCASE("a frame that is a little late changes nothing") {
    Wire wire;
    CHECK(wire(head, kNoon) == "fragment_held");
    CHECK(wire(tail, kNoon - 10 * kSecond) == letters(100));
  }
  SUBCASE("late frames between others do not make time run faster") {
    Wire wire;
    CHECK(wire(head, kNoon) == "fragment_held");
    for (int i = 0; i < 100; i++) CHECK(wire(ipv4(udp("x")), kNoon - (i % 2) * 20 * kSecond) == "x");
    CHECK(wire(tail, kNoon) == letters(100));
  }
  SUBCASE("nothing is kept for the years that a clock was set back") {
    Wire wire;
    CHECK(wire(head, kNoon) == "fragment_held");
    CHECK(wire(ipv4(udp("x")), kNoon - 31 * kSecond) == "x");
    CHECK(wire.counters().heldDatagrams == 0);
    CHECK(wire.counters().timedOut == 1);
    CHECK(wire(head, kNoon - 31 * kSecond) == "fragment_held");
    CHECK(wire(tail, kNoon - 29 * kSecond) == letters(100));
  }
  SUBCASE("frames without a time do not move it") {
    Wire wire;
    CHECK(wire(head, kNoon) == "fragment_held");
    CHECK(wire(ipv4(udp("x")), 0) == "x");
    CHECK(wire(tail, kNoon + kSecond) == letters(100));
    CHECK(wire(head, 0) == "fragment_held");
    CHECK(wire(tail, 0) == letters(100));
  }
  SUBCASE("the ends of time") {
    Wire wire;
    for (int64_t time : {INT64_MIN, INT64_MAX, INT64_MIN + 1, int64_t{-1}, INT64_MAX}) {
      CHECK(wire(head, time) == "fragment_held");
    }
    CHECK(wire.counters().timedOut == 4);
  }
}

TEST_CASE("reassembly: bounded in datagrams, the oldest is given up first") {
  DissectorLimits limits;
  limits.fragmentDatagrams = 3;
  Wire wire(limits);
  const std::string payload = udp(letters(100));
  for (uint16_t id = 1; id <= 5; id++) CHECK(wire(ipv4Part(payload, 0, 64, id)) == "fragment_held");
  CHECK(wire.counters().heldDatagrams == 3);
  CHECK(wire.counters().evicted == 2);
  for (uint16_t id : {5, 3, 4}) CHECK(wire(ipv4Part(payload, 64, 64, id)) == letters(100));
  for (uint16_t id : {1, 2}) CHECK(wire(ipv4Part(payload, 64, 64, id)) == "fragment_held");
}

TEST_CASE("reassembly: bounded in octets under a flood of fragments that never complete") {
  DissectorLimits limits;
  limits.fragmentBytes = 1 << 20;
  Wire wire(limits);
  const std::string payload = letters(65000);
  for (uint32_t id = 0; id < 3000; id++) {
    CHECK(wire(ipv6Part(payload, id % 40 * 1400 / 8 * 8, 1400, id)) == "fragment_held");
    CHECK(wire.counters().heldBytes <= limits.fragmentBytes);
  }
  CHECK(wire.counters().heldDatagrams > 400);
  CHECK(wire.counters().evicted == 3000 - wire.counters().heldDatagrams);
  const std::string good = udp(letters(2000));
  CHECK(wire(ipv4Part(good, 0, 1400, 77)) == "fragment_held");
  CHECK(wire(ipv4Part(good, 1400, 1400, 77)) == letters(2000));
}

TEST_CASE("reassembly: a datagram that alone is larger than the memory is refused by name") {
  DissectorLimits limits;
  limits.fragmentBytes = 4000;
  Wire wire(limits);
  const std::string payload = udp(letters(9000));
  CHECK(wire(ipv4Part(payload, 0, 1400)) == "fragment_held");
  CHECK(wire(ipv4Part(payload, 1400, 4000)) == "fragment_bound");
  CHECK(wire.counters().heldDatagrams == 0);
  CHECK(wire.counters().heldBytes == 0);
  CHECK(wire.counters().evicted == 1);
}
