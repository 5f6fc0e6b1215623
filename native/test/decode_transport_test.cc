// From frame to UDP payload or TCP segment, and what is refused on the way.
#include <doctest/doctest.h>

#include "dissected.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

std::string udpOf(size_t length, const std::string& payload) {
  return u16(5060) + u16(5080) + u16(length) + u16(0) + payload;
}

}  // namespace

TEST_CASE("udp: ports, addresses and payload over both families") {
  const Dissected v4(ethernet(ipv4(udp("OPTIONS"))));
  REQUIRE(v4.refusal == Refusal::none);
  CHECK(v4.segment.sourcePort == 5060);
  CHECK(v4.segment.destinationPort == 5080);
  CHECK(v4.segment.protocol == 17);
  CHECK(v4.segment.source.octets[3] == 1);
  CHECK(v4.segment.destination.octets[3] == 2);
  CHECK(v4.text() == "OPTIONS");
  const Dissected v6(ethernet(ipv6(udp("OPTIONS")), 0x86dd));
  REQUIRE(v6.refusal == Refusal::none);
  CHECK(v6.segment.source.family == Family::ipv6);
  CHECK(v6.text() == "OPTIONS");
}

TEST_CASE("udp: its length counts, not the frame's: padding within and behind IP") {
  CHECK(Dissected(ethernet(ipv4(udp("ping") + "padding"))).text() == "ping");
  CHECK(Dissected(ethernet(ipv4(udp("ping")) + std::string(14, '\0'))).text() == "ping");
}

TEST_CASE("udp: an empty payload is a datagram") {
  const Dissected empty(ethernet(ipv4(udp(""))));
  CHECK(empty.refusal == Refusal::none);
  CHECK(empty.segment.payload.empty());
}

TEST_CASE("udp: a length shorter than its header or beyond the packet cannot be") {
  for (size_t length : {0, 1, 7, 13, 65535}) {
    CAPTURE(length);
    CHECK(Dissected(ethernet(ipv4(udpOf(length, "ping")))).refusal == Refusal::udpMalformed);
  }
  CHECK(Dissected(ethernet(ipv4("\x13\xc4"))).refusal == Refusal::udpMalformed);
}

TEST_CASE("udp: what a snap length cut is told apart from what is malformed") {
  const std::string whole = ethernet(ipv4(udp("a payload of some length")));
  for (size_t size = 14 + 20; size < whole.size(); size++) {
    CAPTURE(size);
    CHECK(Dissected(whole.substr(0, size)).refusal == Refusal::udpTruncated);
  }
  CHECK(Dissected(whole).refusal == Refusal::none);
}

TEST_CASE("udp: without a length it is the rest of a jumbogram, and only there (RFC 2675)") {
  std::string jumbo = ipv6(udpOf(0, "jumbo"));
  jumbo.replace(4, 2, u16(0));
  CHECK(Dissected(jumbo, 101).text() == "jumbo");
  CHECK(Dissected(ipv6(udpOf(0, "not jumbo")), 101).refusal == Refusal::udpMalformed);
}

TEST_CASE("tcp: ports, flags, sequence and payload, options passed over, padding left out") {
  for (const std::string& options : {std::string(), octets("\x02\x04\x05\xb4"), std::string(40, '\x01')}) {
    const Dissected frame(ethernet(ipv4(tcp("SIP", 0xfffffff0, 0x19, options), 6) + std::string(6, '\0')));
    REQUIRE(frame.refusal == Refusal::none);
    CHECK(frame.segment.protocol == 6);
    CHECK(frame.segment.sourcePort == 5060);
    CHECK(frame.segment.destinationPort == 5080);
    CHECK(frame.segment.sequence == 0xfffffff0);
    CHECK(frame.segment.tcpFlags == (kTcpFin | kTcpPush | kTcpAck));
    CHECK(frame.segment.missing == 0);
    CHECK(frame.text() == "SIP");
  }
  CHECK(Dissected(ethernet(ipv6(tcp("SIP"), 6), 0x86dd)).text() == "SIP");
}

TEST_CASE("tcp: a segment without payload is one; a SYN has its own sequence") {
  const Dissected syn(ethernet(ipv4(tcp("", 41, kTcpSyn), 6) + std::string(6, '\0')));
  CHECK(syn.refusal == Refusal::none);
  CHECK(syn.segment.tcpFlags == kTcpSyn);
  CHECK(syn.segment.sequence == 41);
  CHECK(syn.segment.payload.empty());
}

TEST_CASE("tcp: a snap length's cut is known to the octet, one within the header refused") {
  const std::string payload = "INVITE sip:a@b SIP/2.0";
  const std::string whole = ethernet(ipv4(tcp(payload, 1, 0x18, octets("\x01\x01\x01\x01")), 6));
  const size_t headers = whole.size() - payload.size();
  for (size_t size = 14 + 20; size < whole.size(); size++) {
    CAPTURE(size);
    const Dissected cut(whole.substr(0, size));
    CHECK(cut.refusal == (size < headers ? Refusal::tcpTruncated : Refusal::none));
    if (size < headers) continue;
    CHECK(cut.segment.missing == whole.size() - size);
    CHECK(cut.text() == payload.substr(0, size - headers));
  }
}

TEST_CASE("tcp: a header that cannot be") {
  for (char offset : {'\x00', '\x40', '\x60', '\xf0'}) {
    std::string segment = tcp("");
    segment[12] = offset;
    CHECK(Dissected(ethernet(ipv4(segment, 6))).refusal == Refusal::tcpMalformed);
  }
  CHECK(Dissected(ethernet(ipv4(tcp("").substr(0, 19), 6) + "padding")).refusal == Refusal::tcpMalformed);
}

TEST_CASE("tcp: segmentation offload leaves no IP length: all that was captured counts") {
  std::string packet = ipv4(tcp(std::string(70000, 'x')), 6);
  packet.replace(2, 2, u16(0));
  const Dissected large(ethernet(packet));
  CHECK(large.refusal == Refusal::none);
  CHECK(large.segment.payload.size == 70000);
}

TEST_CASE("transport: each refusal has its name") {
  CHECK(Dissected("", 147).refusal == Refusal::linkType);
  CHECK(Dissected(ethernet("who has", 0x0806)).refusal == Refusal::notIp);
  CHECK(Dissected(ethernet(ipv4("echo", 1))).refusal == Refusal::notUdpOrTcp);
  CHECK(Dissected(ethernet(ipv6("", 59), 0x86dd)).refusal == Refusal::notUdpOrTcp);
  for (size_t i = 0; i < size_t(Refusal::count); i++) {
    for (size_t other = 0; other < i; other++) {
      CHECK(std::string(refusalName(Refusal(i))) != refusalName(Refusal(other)));
    }
  }
}
