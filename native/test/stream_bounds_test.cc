// What streams hold, remember and wait for is bounded, and what a bound costs is counted.
#include <algorithm>

#include "segments.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

const std::string kA = request("a", "body of a"), kB = reply("b"), kC = request("c", std::string(3000, 'c'));
const std::string kAbc = kA + kB + kC;
constexpr uint32_t kFirst = 4294966000u;  // the sequence numbers wrap within the stream

// Octets [from, to) of `stream`, where they belong.
void seePart(Sniffer& sniffer, const std::string& stream, size_t from, size_t to) {
  sniffer.see(kFirst + uint32_t(from), stream.substr(from, to - from));
}

}  // namespace

TEST_CASE("stream bounds: time may be anything") {
  Sniffer sniffer;
  const int64_t times[] = {0, INT64_MAX, INT64_MIN, -1, 1, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < std::size(times); i++) {
    sniffer.nowNs = times[i];
    sniffer.see(segmentOf({1, uint16_t(i)}, kServer, 10), kA);
    sniffer.see(segmentOf({1, uint16_t(i)}, kServer, 5000), kB);
    sniffer.expire();
  }
  sniffer.finish();
  CHECK(std::count(sniffer.messages.begin(), sniffer.messages.end(), kA) == std::size(times));
  CHECK(std::count(sniffer.messages.begin(), sniffer.messages.end(), kB) == std::size(times));
}

TEST_CASE("stream bounds: a direction that is idle is forgotten, and what it began is counted") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 50);
  sniffer.nowNs += 600 * kSecond;
  sniffer.expire();
  CHECK(sniffer.streams.streams() == 1);
  sniffer.nowNs++;
  sniffer.expire();
  CHECK(sniffer.streams.streams() == 0);
  CHECK(sniffer.streams.held() == 0);
  CHECK(sniffer.count(StreamEvent::idle) == 1);
  CHECK(sniffer.count(StreamEvent::incomplete) == 1);
}

TEST_CASE("stream bounds: the end of the input hands on what stands whole behind gaps") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 50);
  seePart(sniffer, kAbc, kA.size(), kA.size() + kB.size() + 500);
  sniffer.seeReply(1, kA.substr(0, 70));
  sniffer.finish();
  CHECK(sniffer.messages == Texts{kB});
  CHECK(sniffer.count(StreamEvent::incomplete) == 3);
  CHECK(sniffer.count(StreamEvent::evicted) == 0);
}

TEST_CASE(
    "stream bounds: one direction holds a bounded amount behind a gap, whatever its segments look like") {
  for (const size_t size : {1u, 100u, 1460u, 60'000u}) {
    CAPTURE(size);
    StreamLimits limits;
    limits.streamBytes = 200'000;
    Sniffer sniffer(limits);
    sniffer.see(kFirst - 1, "", kTcpSyn);
    for (int i = 1; i < 3000; i++) {
      sniffer.see(kFirst + uint32_t(i) * 70'000u, std::string(size, 'x'));
      CHECK(sniffer.streams.held() <= limits.streamBytes + 140'000);
    }
    CHECK(sniffer.count(StreamEvent::gaps) > 0);
    sniffer.finish();
  }
}

TEST_CASE("stream bounds: a gap that is too costly is given up, and what is behind it is not lost") {
  StreamLimits limits;
  limits.streamBytes = 2000;
  Sniffer sniffer(limits);
  seePart(sniffer, kAbc, 0, 50);
  size_t at = kA.size();
  for (int i = 0; i < 20; i++, at += kB.size()) sniffer.see(kFirst + uint32_t(at), kB);
  CHECK(sniffer.messages == Texts(20, kB));
  CHECK(sniffer.count(StreamEvent::gaps) == 1);
}

TEST_CASE("stream bounds: a flood of messages and gaps that are never completed stays within its memory") {
  StreamLimits limits;
  limits.bytes = 1 << 20;
  limits.streams = 500;
  for (const bool gaps : {false, true}) {
    CAPTURE(gaps);
    Sniffer sniffer(limits);
    const std::string part = kC.substr(0, 2500);
    for (uint32_t i = 0; i < 5000; i++) {
      const End from{uint8_t(i >> 8), uint16_t(i)};
      sniffer.see(segmentOf(from, kServer, 10), part);
      if (gaps) sniffer.see(segmentOf(from, kServer, 9000), part);
      REQUIRE(sniffer.streams.held() <= limits.bytes);
      REQUIRE(sniffer.streams.streams() <= limits.streams);
    }
    const uint64_t begun = gaps ? 10'000 : 5000;
    CHECK(sniffer.count(StreamEvent::evicted) == 5000 - sniffer.streams.streams());
    sniffer.finish();
    CHECK(sniffer.messages.empty());
    CHECK(sniffer.count(StreamEvent::incomplete) == begun);
  }
}

TEST_CASE("stream bounds: connections that carried messages outlive a flood of ones that never did") {
  StreamLimits limits;
  limits.streams = 50;
  limits.bytes = 100'000;
  Sniffer sniffer(limits);
  sniffer.seeReply(1, kB + kA.substr(0, 40));
  for (uint32_t i = 0; i < 1000; i++) {
    sniffer.see(segmentOf({1, uint16_t(i)}, kServer, 10, kTcpSyn), i % 2 ? "" : kC.substr(0, 2500));
  }
  sniffer.seeReply(uint32_t(1 + kB.size() + 40), kA.substr(40));
  CHECK(sniffer.messages == Texts{kB, kA});
  CHECK(sniffer.count(StreamEvent::evicted) > 0);
}

TEST_CASE("stream bounds: the direction that was idle longest goes first") {
  StreamLimits limits;
  limits.streams = 3;
  Sniffer sniffer(limits);
  const auto see = [&](uint16_t port, uint32_t at, const std::string& octets) {
    sniffer.see(segmentOf({1, port}, kServer, 1 + at), octets);
  };
  for (const uint16_t port : {1, 2, 3}) see(port, 0, kA.substr(0, 40));
  see(1, 40, kA.substr(40, 10));
  see(4, 0, kA.substr(0, 40));
  for (const uint16_t port : {1, 3, 4}) see(port, port == 1 ? 50 : 40, kA.substr(port == 1 ? 50 : 40));
  CHECK(sniffer.sourcePorts == std::vector<uint16_t>{1, 3, 4});
  CHECK(sniffer.count(StreamEvent::evicted) == 1);
  CHECK(sniffer.count(StreamEvent::incomplete) == 1);
}

TEST_CASE("stream bounds: a deaf stream holds nothing, in whatever order its segments come") {
  Sniffer sniffer;
  const std::string noise(1000, '\x17');
  for (uint32_t i = 0; i < 100; i++) sniffer.see(kFirst + i * 1000, noise);
  REQUIRE(sniffer.count(StreamEvent::deaf) == 1);
  for (uint32_t i = 100; i < 200; i++) {
    sniffer.see(kFirst + (i + 2) * 1000, noise);
    CHECK(sniffer.streams.held() == 0);
  }
  sniffer.see(kFirst + 300'000, kA);
  CHECK(sniffer.messages == Texts{kA});
}

TEST_CASE("stream bounds: every event has a name of its own") {
  std::vector<std::string> names;
  for (size_t i = 0; i < size_t(StreamEvent::count); i++) names.emplace_back(streamEventName(StreamEvent(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
  CHECK(streamEventName(StreamEvent::webSocketNotSip) == std::string("websocket_not_sip"));
}
