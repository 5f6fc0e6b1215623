// Segments -> messages: order, losses, and connections that begin and end anyhow.
#include <algorithm>
#include <random>

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

TEST_CASE("stream tcp: each segment twice, as two mirror ports show it") {
  Sniffer sniffer;
  for (int copy = 0; copy < 2; copy++) sniffer.see(kFirst - 1, "", kTcpSyn);
  for (size_t at = 0; at < kAbc.size(); at += 100) {
    for (int copy = 0; copy < 2; copy++) seePart(sniffer, kAbc, at, at + 100);
  }
  for (int copy = 0; copy < 2; copy++) sniffer.see(kFirst + uint32_t(kAbc.size()), "", kTcpFin);
  CHECK(sniffer.messages == Texts{kA, kB, kC});
  CHECK(sniffer.count(StreamEvent::retransmitted) == (kAbc.size() + 99) / 100);
  CHECK(sniffer.count(StreamEvent::restarted) == 0);
}

TEST_CASE("stream tcp: the last segment and its FIN once more make no second message") {
  Sniffer sniffer;
  for (int copy = 0; copy < 3; copy++) sniffer.see(kFirst, kA, kTcpFin | kTcpAck);
  sniffer.see(kFirst, kA, kTcpReset);
  sniffer.see(kFirst, kA);
  CHECK(sniffer.messages == Texts{kA});
}

TEST_CASE("stream tcp: sent again in other pieces") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 50);
  seePart(sniffer, kAbc, 20, 80);
  seePart(sniffer, kAbc, 0, 40);
  seePart(sniffer, kAbc, 0, kAbc.size());
  CHECK(sniffer.messages == Texts{kA, kB, kC});
  CHECK(sniffer.count(StreamEvent::overlapping) == 2);
  CHECK(sniffer.count(StreamEvent::retransmitted) == 1);
}

TEST_CASE("stream tcp: two segments change places, at every cut") {
  for (size_t one = 1; one < kA.size(); one += 3) {
    for (size_t two = one + 1; two < kA.size() + kB.size(); two += 5) {
      Sniffer sniffer;
      sniffer.see(kFirst - 1, "", kTcpSyn);
      seePart(sniffer, kAbc, 0, one);
      seePart(sniffer, kAbc, two, kAbc.size());
      seePart(sniffer, kAbc, one, two);
      CHECK(sniffer.messages == Texts{kA, kB, kC});
      CHECK(sniffer.count(StreamEvent::outOfOrder) == 1);
      CHECK(sniffer.count(StreamEvent::gaps) == 0);
      CHECK(sniffer.streams.held() == 0);
    }
  }
}

TEST_CASE("stream tcp: what was held may overlap what fills the gap, and itself") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 10);
  seePart(sniffer, kAbc, 30, 60);
  seePart(sniffer, kAbc, 30, 40);   // shorter than what is held there
  seePart(sniffer, kAbc, 30, 100);  // longer
  seePart(sniffer, kAbc, 50, 70);
  seePart(sniffer, kAbc, 90, kAbc.size());
  seePart(sniffer, kAbc, 5, 95);
  CHECK(sniffer.messages == Texts{kA, kB, kC});
  CHECK(sniffer.streams.held() == 0);
}

TEST_CASE("stream tcp: any cuts, any order within reach, any copies: the same messages, each once") {
  Texts expected;
  for (int i = 0; i < 12; i++) {
    const std::string id = "message " + std::to_string(i);
    expected.push_back(i % 3 ? reply(id, std::string(size_t(i * 97), 'x'))
                             : request(id, "SIP/2.0 200 OK\r\n\r\n"));
  }
  const std::string stream = joined(expected);
  struct Part {
    size_t from, to;
  };
  for (uint32_t seed = 0; seed < 300; seed++) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const size_t longest = 1 + random() % (seed % 2 ? 40 : 900);
    std::vector<Part> parts;
    for (size_t at = 0; at < stream.size();) {
      const size_t to = std::min(stream.size(), at + 1 + random() % longest);
      parts.push_back({at - std::min<size_t>(at, random() % 4 ? 0 : random() % 50), to});
      if (random() % 4 == 0) parts.push_back(parts[random() % parts.size()]);
      at = to;
    }
    for (size_t i = 0; i + 1 < parts.size(); i++) {
      if (random() % 3 == 0) std::swap(parts[i], parts[std::min(parts.size() - 1, i + random() % 10)]);
    }
    Sniffer sniffer;
    sniffer.see(kFirst - 1, "", kTcpSyn);
    for (const Part& part : parts) seePart(sniffer, stream, part.from, part.to);
    CHECK(sniffer.messages == expected);
    CHECK(sniffer.count(StreamEvent::skippedOctets) == 0);
    CHECK(sniffer.streams.held() == 0);
    sniffer.finish();
    CHECK(sniffer.count(StreamEvent::incomplete) == 0);
  }
}

TEST_CASE("stream tcp: a gap that is filled too late costs what was in it, and the messages behind it come") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 50);
  sniffer.nowNs += kSecond;
  seePart(sniffer, kAbc, kA.size(), kAbc.size());
  const int64_t heldSince = sniffer.nowNs;
  CHECK(sniffer.messages.empty());
  sniffer.nowNs = heldSince + 5 * kSecond;
  sniffer.expire();
  CHECK(sniffer.messages.empty());  // the bound itself still waits
  sniffer.nowNs++;
  SUBCASE("time passes") { sniffer.expire(); }
  SUBCASE("a segment of another stream comes") { sniffer.seeReply(1, "\r\n\r\n"); }
  SUBCASE("a segment of the same stream comes") { seePart(sniffer, kAbc, 0, 50); }
  CHECK(sniffer.messages == Texts{kB, kC});
  CHECK(sniffer.sourcePorts == std::vector<uint16_t>{kClient.port, kClient.port});
  CHECK(sniffer.timesNs == std::vector<int64_t>{heldSince, heldSince});
  CHECK(sniffer.count(StreamEvent::gaps) == 1);
  CHECK(sniffer.count(StreamEvent::gapOctets) == kA.size() - 50);
  CHECK(sniffer.count(StreamEvent::incomplete) == 1);
  seePart(sniffer, kAbc, 50, kA.size());
  CHECK(sniffer.messages.size() == 2);
}

TEST_CASE("stream tcp: a stray segment far ahead does not disturb a stream that goes on") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 20);
  sniffer.see(kFirst + 1'000'000'000, "stray");
  for (size_t at = 20; at < kAbc.size(); at += 300) {
    sniffer.nowNs += 4 * kSecond;
    seePart(sniffer, kAbc, at, at + 300);
  }
  CHECK(sniffer.messages == Texts{kA, kB, kC});
}

TEST_CASE("stream tcp: several gaps, given up one after the other in the order of the stream") {
  Sniffer sniffer;
  const std::string stream = kA + kB + kA + kB + kA;
  const size_t pair = kA.size() + kB.size();
  sniffer.see(kFirst - 1, "", kTcpSyn);
  seePart(sniffer, stream, 2 * pair, stream.size());
  seePart(sniffer, stream, kA.size(), pair);
  seePart(sniffer, stream, pair + kA.size(), 2 * pair);
  CHECK(sniffer.messages.empty());
  sniffer.nowNs += 6 * kSecond;
  sniffer.expire();
  CHECK(sniffer.messages == Texts{kB, kB, kA});
  CHECK(sniffer.count(StreamEvent::gaps) == 2);
}

TEST_CASE("stream tcp: a loss within a body leaves the messages behind it in place") {
  Sniffer sniffer;
  const std::string body = "\r\nINVITE sip:not@a.message SIP/2.0\r\nCall-ID: x\r\nContent-Length: 0\r\n\r\n";
  const std::string stream = request("lost", std::string(500, 'x') + body) + kB;
  seePart(sniffer, stream, 0, 200);
  seePart(sniffer, stream, 300, stream.size());
  sniffer.finish();
  CHECK(sniffer.messages == Texts{kB});
  CHECK(sniffer.count(StreamEvent::incomplete) == 1);
  CHECK(sniffer.count(StreamEvent::skippedOctets) == 0);
}

TEST_CASE("stream tcp: what the snap length cut off is a gap that nobody waits for") {
  Sniffer sniffer;
  sniffer.see(kFirst, kA.substr(0, 60), kTcpAck, uint32_t(kA.size() - 60));
  sniffer.see(kFirst + uint32_t(kA.size()), kB);
  CHECK(sniffer.messages == Texts{kB});
  sniffer.see(kFirst + uint32_t(kA.size() + kB.size()) + 500, kA, kTcpAck,
              3);  // early: whole, but for the next one
  sniffer.see(kFirst + uint32_t(kA.size() + kB.size()), std::string(500, '\n'));
  sniffer.see(kFirst + uint32_t(2 * kA.size() + kB.size()) + 503, kB);
  CHECK(sniffer.messages == Texts{kB, kA, kB});
  CHECK(sniffer.count(StreamEvent::truncated) == 2);
  CHECK(sniffer.count(StreamEvent::gaps) == 0);
  CHECK(sniffer.count(StreamEvent::gapOctets) == kA.size() - 60 + 3);
}

TEST_CASE("stream tcp: a copy with more octets than the one that was cut fills nothing that was given up") {
  Sniffer sniffer;
  sniffer.see(kFirst, kA.substr(0, 60), kTcpAck, uint32_t(kA.size() - 60));
  sniffer.see(kFirst, kA);
  CHECK(sniffer.messages.empty());
  CHECK(sniffer.count(StreamEvent::retransmitted) == 1);
}

TEST_CASE("stream tcp: keep-alive probes and bare acknowledgements are nothing new") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 100);
  sniffer.see(kFirst + 99, octets("\0"));
  sniffer.see(kFirst + 99, "");
  sniffer.see(kFirst + 100, "");
  sniffer.see(kFirst + 5000, "");
  seePart(sniffer, kAbc, 100, kAbc.size());
  CHECK(sniffer.messages == Texts{kA, kB, kC});
}

TEST_CASE("stream tcp: data in the SYN, and the same data again behind it (RFC 7413)") {
  Sniffer sniffer;
  sniffer.see(kFirst - 1, kA, kTcpSyn);
  sniffer.see(kFirst - 1, kA, kTcpSyn);
  seePart(sniffer, kAbc, 0, kAbc.size());
  CHECK(sniffer.messages == Texts{kA, kB, kC});
}

TEST_CASE("stream tcp: a pair of ports is used again") {
  const uint32_t jumps[] = {5, 50'000, 20'000'000, 0x7fffffff, 0x80000000, 0xf0000000};
  for (const uint32_t jump : jumps) {
    CAPTURE(jump);
    Sniffer sniffer;
    sniffer.see(kFirst - 1, "", kTcpSyn);
    seePart(sniffer, kAbc, 0, kA.size() + 20);
    sniffer.see(kFirst + jump, "", kTcpSyn);
    sniffer.see(kFirst + jump + 1, kB);
    CHECK(sniffer.messages == Texts{kA, kB});
    CHECK(sniffer.count(StreamEvent::restarted) == 1);
    CHECK(sniffer.count(StreamEvent::incomplete) == 1);
  }
}

TEST_CASE("stream tcp: a new connection whose SYN was not seen, behind or ahead of the old one") {
  for (const uint32_t jump : {20'000'000u, 0x90000000u}) {
    CAPTURE(jump);
    Sniffer sniffer;
    sniffer.see(kFirst, kA);
    sniffer.see(kFirst + jump, kB);
    sniffer.see(kFirst + jump + uint32_t(kB.size()), kA);
    sniffer.nowNs += 6 * kSecond;
    sniffer.expire();
    CHECK(sniffer.messages == Texts{kA, kB, kA});
  }
}

TEST_CASE("stream tcp: FIN and reset end a message that is not complete") {
  for (const uint8_t flag : {kTcpFin, kTcpReset}) {
    Sniffer sniffer;
    seePart(sniffer, kAbc, 0, 50);
    CHECK(sniffer.streams.held() > 0);
    sniffer.see(kFirst + 50, "", flag);
    CHECK(sniffer.count(StreamEvent::incomplete) == 1);
    CHECK(sniffer.streams.held() == 0);
  }
}

TEST_CASE("stream tcp: half a start line at the end of a stream was no message yet") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 20);
  sniffer.finish();
  CHECK(sniffer.count(StreamEvent::incomplete) == 0);
  CHECK(sniffer.count(StreamEvent::skippedOctets) == 20);
}

TEST_CASE("stream tcp: a FIN that comes early waits for what is before it; a reset does not") {
  for (const uint8_t flag : {kTcpFin, kTcpReset}) {
    Sniffer sniffer;
    seePart(sniffer, kAbc, 0, 50);
    seePart(sniffer, kAbc, kA.size(), kA.size() + kB.size());
    sniffer.see(kFirst + uint32_t(kA.size() + kB.size()), "", flag);
    CHECK(sniffer.messages == (flag == kTcpFin ? Texts{} : Texts{kB}));
    seePart(sniffer, kAbc, 50, kA.size());
    CHECK(sniffer.messages == (flag == kTcpFin ? Texts{kA, kB} : Texts{kB}));
  }
}

TEST_CASE("stream tcp: what a reset carries is no message, and an unknown one opens nothing") {
  Sniffer sniffer;
  sniffer.see(1, kA, kTcpReset);
  sniffer.see(1, "", kTcpFin);
  sniffer.see(1, "", kTcpAck);
  CHECK(sniffer.streams.streams() == 0);
  sniffer.see(1, kA);
  sniffer.see(uint32_t(1 + kA.size()), kB, kTcpReset);
  CHECK(sniffer.messages == Texts{kA});
}

TEST_CASE("stream tcp: directions and connections are told apart") {
  Sniffer sniffer;
  const Segment base = segmentOf(kClient, kServer, kFirst);
  std::vector<Segment> flows(6, base);
  flows[1].sourcePort++;
  flows[2].destinationPort++;
  flows[3].source = hostAddress(77);
  flows[4].destination = hostAddress(77);
  flows[5].source.family = flows[5].destination.family = Family::ipv6;
  flows.push_back(segmentOf(kServer, kClient, kFirst));
  Texts expected;
  for (size_t half = 0; half < 2; half++) {
    for (size_t i = 0; i < flows.size(); i++) {
      const std::string message = request("flow " + std::to_string(i));
      flows[i].sequence = kFirst + (half ? 30 : 0);
      sniffer.see(flows[i], half ? message.substr(30) : message.substr(0, 30));
      if (half) expected.push_back(message);
    }
  }
  CHECK(sniffer.messages == expected);
  CHECK(sniffer.streams.streams() == flows.size());
}

TEST_CASE("stream tcp: datagrams are none of its business") {
  Sniffer sniffer;
  Segment datagram = segmentOf(kClient, kServer, 1);
  datagram.protocol = kProtocolUdp;
  sniffer.see(datagram, kA);
  CHECK(sniffer.messages.empty());
  CHECK(sniffer.streams.streams() == 0);
}

TEST_CASE("stream tcp: a message has the time of the segment that completed it") {
  Sniffer sniffer;
  seePart(sniffer, kAbc, 0, 50);
  sniffer.nowNs += kSecond;
  seePart(sniffer, kAbc, 100, kAbc.size());
  sniffer.nowNs += kSecond;
  seePart(sniffer, kAbc, 50, 100);
  CHECK(sniffer.timesNs == std::vector<int64_t>(3, sniffer.nowNs));
}
