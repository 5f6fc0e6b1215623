// From frame to UDP payload, and what is refused on the way.
#include <doctest/doctest.h>

#include <random>

#include "decode/datagram.h"
#include "frames.h"
#include "guarded.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Decoded {
  GuardedBytes input;
  Datagram datagram;
  Refusal refusal;
  Decoded(const std::string& frame, uint32_t linkType = 1) : input(frame) {
    refusal = decodeFrame(linkType, input.bytes(), datagram);
  }
};

std::string udpOf(size_t length, const std::string& payload) {
  return u16(5060) + u16(5080) + u16(length) + u16(0) + payload;
}

}  // namespace

TEST_CASE("datagram: ports, addresses and payload over both families") {
  const Decoded v4(ethernet(ipv4(udp("OPTIONS"))));
  REQUIRE(v4.refusal == Refusal::none);
  CHECK(v4.datagram.sourcePort == 5060);
  CHECK(v4.datagram.destinationPort == 5080);
  CHECK(v4.datagram.protocol == 17);
  CHECK(v4.datagram.source.octets[3] == 1);
  CHECK(v4.datagram.destination.octets[3] == 2);
  CHECK(v4.datagram.payload.text() == "OPTIONS");
  const Decoded v6(ethernet(ipv6(udp("OPTIONS")), 0x86dd));
  REQUIRE(v6.refusal == Refusal::none);
  CHECK(v6.datagram.source.family == Family::ipv6);
  CHECK(v6.datagram.payload.text() == "OPTIONS");
}

TEST_CASE("datagram: the UDP length counts, not the frame's: padding within and behind IP") {
  CHECK(Decoded(ethernet(ipv4(udp("ping") + "padding"))).datagram.payload.text() == "ping");
  CHECK(Decoded(ethernet(ipv4(udp("ping")) + std::string(14, '\0'))).datagram.payload.text() == "ping");
}

TEST_CASE("datagram: an empty payload is a datagram") {
  const Decoded empty(ethernet(ipv4(udp(""))));
  CHECK(empty.refusal == Refusal::none);
  CHECK(empty.datagram.payload.empty());
}

TEST_CASE("datagram: a UDP length shorter than its header or beyond the packet cannot be") {
  for (size_t length : {0, 1, 7, 13, 65535}) {
    CAPTURE(length);
    CHECK(Decoded(ethernet(ipv4(udpOf(length, "ping")))).refusal == Refusal::udpMalformed);
  }
  CHECK(Decoded(ethernet(ipv4("\x13\xc4"))).refusal == Refusal::udpMalformed);
}

TEST_CASE("datagram: what a snap length cut is told apart from what is malformed") {
  const std::string whole = ethernet(ipv4(udp("a payload of some length")));
  for (size_t size = 14 + 20; size < whole.size(); size++) {
    CAPTURE(size);
    CHECK(Decoded(whole.substr(0, size)).refusal == Refusal::udpTruncated);
  }
  CHECK(Decoded(whole).refusal == Refusal::none);
}

TEST_CASE("datagram: UDP without a length is the rest of a jumbogram, and only there (RFC 2675)") {
  std::string jumbo = ipv6(udpOf(0, "jumbo"));
  jumbo.replace(4, 2, u16(0));
  CHECK(Decoded(jumbo, 101).datagram.payload.text() == "jumbo");
  CHECK(Decoded(ipv6(udpOf(0, "not jumbo")), 101).refusal == Refusal::udpMalformed);
}

TEST_CASE("datagram: each refusal has its name") {
  CHECK(Decoded("", 147).refusal == Refusal::linkType);
  CHECK(Decoded(ethernet("who has", 0x0806)).refusal == Refusal::notIp);
  CHECK(Decoded(ethernet(ipv4("segment", 6))).refusal == Refusal::notUdp);
  CHECK(Decoded(ethernet(ipv6("", 59), 0x86dd)).refusal == Refusal::notUdp);
  CHECK(Decoded(ethernet(ipv4(udp("ping"), 17, 0x2000))).refusal == Refusal::fragment);
  for (size_t i = 0; i < size_t(Refusal::count); i++) {
    for (size_t other = 0; other < i; other++) {
      CHECK(std::string(refusalName(Refusal(i))) != refusalName(Refusal(other)));
    }
  }
}

TEST_CASE("datagram: octets turned at random never lead out of the frame") {
  std::mt19937 random(20230401);
  const std::string frames[] = {ethernet(ipv4(udp("OPTIONS sip:a@b SIP/2.0"))),
                                ethernet(u16(1) + u16(0x86dd) + ipv6(udp("OPTIONS")), 0x8100)};
  for (int turn = 0; turn < 4000; turn++) {
    std::string frame = frames[turn % 2];
    for (int i = 0; i < 3; i++) frame[random() % frame.size()] = char(random());
    const Decoded decoded(frame.substr(0, random() % (frame.size() + 1)));
    if (decoded.refusal != Refusal::none) continue;
    const Bytes all = decoded.input.bytes();
    CHECK(decoded.datagram.payload.begin() >= all.begin());
    CHECK(decoded.datagram.payload.end() <= all.end());
  }
}
