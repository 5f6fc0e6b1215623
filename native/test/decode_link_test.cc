// Link layers: each finds the IP header at its place, and none reads past a frame cut anywhere.
#include <doctest/doctest.h>

#include "decode/link.h"
#include "frames.h"
#include "guarded.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Decoded {
  GuardedBytes input;
  Link link;
  Refusal refusal;
  Decoded(uint32_t linkType, const std::string& frame) : input(frame) {
    refusal = decodeLink(linkType, input.bytes(), link);
  }
};

const std::string kIp = "IP header and all";
const std::string kCookedHead = u16(0) + u16(1) + u16(6) + std::string(8, '\0');
const std::string kCooked2Tail = u16(0) + u32(3) + u16(1) + '\x00' + '\x06' + std::string(8, '\0');

void finds(uint32_t linkType, const std::string& head) {
  const Decoded whole(linkType, head + kIp);
  REQUIRE(whole.refusal == Refusal::none);
  CHECK(whole.link.ip.text() == kIp);
  for (size_t size = 0; size < head.size(); size++) {
    CAPTURE(size);
    CHECK(Decoded(linkType, head.substr(0, size)).refusal == Refusal::linkTruncated);
  }
  const Decoded bare(linkType, head);
  CHECK(bare.refusal == Refusal::none);
  CHECK(bare.link.ip.empty());
}

}  // namespace

TEST_CASE("link: Ethernet carries IPv4 and IPv6") {
  finds(1, ethernet("", 0x0800));
  finds(1, ethernet("", 0x86dd));
}

TEST_CASE("link: VLAN tags, one or several, are passed over") {
  finds(1, ethernet(u16(100) + u16(0x0800), 0x8100));
  finds(1, ethernet(u16(100) + u16(0x8100) + u16(7) + u16(0x86dd), 0x88a8));
  finds(1, ethernet(u16(1) + u16(0x9100) + u16(2) + u16(0x8100) + u16(3) + u16(0x0800), 0x9100));
}

TEST_CASE("link: sixteen tags are passed over, more are refused, cut or not") {
  const auto tagged = [](int count) {
    std::string tags;
    for (int i = 1; i < count; i++) tags += u16(1) + u16(0x8100);
    return ethernet(tags + u16(1) + u16(0x0800) + kIp, 0x8100);
  };
  CHECK(Decoded(1, tagged(16)).link.ip.text() == kIp);
  CHECK(Decoded(1, tagged(17)).refusal == Refusal::linkDepth);
  CHECK(Decoded(1, tagged(500)).refusal == Refusal::linkDepth);
}

TEST_CASE("link: the scope tells VLANs apart, and not the priority of their frames") {
  const auto scope = [](uint16_t control) {
    return Decoded(1, ethernet(u16(control) + u16(0x0800) + kIp, 0x8100)).link.scope;
  };
  CHECK(scope(5) != scope(6));
  CHECK(scope(5) == scope(0xe005));
  CHECK(Decoded(1, ethernet(kIp)).link.scope == 0);
}

TEST_CASE("link: what is neither IPv4 nor IPv6 is not IP") {
  CHECK(Decoded(1, ethernet("who has", 0x0806)).refusal == Refusal::notIp);
  CHECK(Decoded(1, ethernet("spanning tree", 38)).refusal == Refusal::notIp);
  CHECK(Decoded(113, kCookedHead + u16(0x0806) + "who has").refusal == Refusal::notIp);
  CHECK(Decoded(276, u16(0x0806) + kCooked2Tail).refusal == Refusal::notIp);
  CHECK(Decoded(0, u32(7) + "?").refusal == Refusal::notIp);
}

TEST_CASE("link: 802.3 with LLC says IP in two ways") {
  const std::string snap = octets("\xaa\xaa\x03\x00\x00\x00");
  finds(1, ethernet(snap + u16(0x0800), 100));
  finds(1, ethernet(octets("\xaa\xaa\x03\x00\x00\xf8") + u16(0x86dd), 100));
  finds(1, ethernet(snap + u16(0x8100) + u16(4) + u16(0x0800), 100));
  finds(1, ethernet(octets("\x06\x06\x03"), 100));
  finds(113, kCookedHead + u16(4) + snap + u16(0x0800));
  CHECK(Decoded(1, ethernet("\x42\x42\x03 spanning tree", 38)).refusal == Refusal::notIp);
  CHECK(Decoded(1, ethernet(octets("\xaa\xaa\x03\x00\x00\x0c") + u16(0x2000) + kIp, 100)).refusal ==
        Refusal::notIp);
  CHECK(Decoded(1, ethernet(snap + u16(100) + kIp, 100)).refusal == Refusal::notIp);
}

TEST_CASE("link: PPP, with and without its address and with a short protocol, and within Ethernet") {
  const std::string session = octets("\x11\x00\x00\x01") + u16(2 + kIp.size());
  for (const std::string& head : {octets("\x00\x21"), octets("\x00\x57"), octets("\x21"), octets("\x57")}) {
    const std::string ip = head + kIp;
    CHECK(Decoded(9, ip).link.ip.text() == kIp);
    CHECK(Decoded(50, octets("\xff\x03") + ip).link.ip.text() == kIp);
    CHECK(Decoded(51, session + ip).link.ip.text() == kIp);
    CHECK(Decoded(1, ethernet(session + ip, 0x8864)).link.ip.text() == kIp);
  }
  finds(9, octets("\xff\x03\x00\x21"));
  finds(1, ethernet(session + octets("\x00\x57"), 0x8864));
  CHECK(Decoded(9, octets("\xff\x03\xc0\x21") + kIp).refusal == Refusal::notIp);
  CHECK(Decoded(1, ethernet(octets("\x11\x09\x00\x00\x00\x04") + kIp, 0x8864)).refusal == Refusal::notIp);
}

TEST_CASE("link: Cisco HDLC carries EtherTypes") {
  finds(104, octets("\x0f\x00") + u16(0x0800));
  finds(104, octets("\x8f\x00") + u16(0x86dd));
}

TEST_CASE("link: MPLS labels, below them IP by its version") {
  const std::string top = octets("\x00\x01\x00\x40"), bottom = octets("\x00\x02\x01\x40");
  for (const std::string& ip : {ipv4(udp("a")), ipv6(udp("a"))}) {
    for (uint16_t type : {0x8847, 0x8848}) {
      CHECK(Decoded(1, ethernet(bottom + ip, type)).link.ip.text() == ip);
      CHECK(Decoded(1, ethernet(top + top + bottom + ip, type)).link.ip.text() == ip);
      CHECK(Decoded(1, ethernet(u16(9) + u16(type) + top + bottom + ip, 0x8100)).link.ip.text() == ip);
    }
    CHECK(Decoded(219, top + bottom + ip).link.ip.text() == ip);
    CHECK(Decoded(9, octets("\x02\x81") + bottom + ip).link.ip.text() == ip);
    CHECK(Decoded(219, bottom + ip.substr(0, 12)).link.ip.size == 12);
  }
  const std::string head = ethernet(top + bottom, 0x8847);
  for (size_t size = 0; size <= head.size(); size++) {
    CHECK(Decoded(1, head.substr(0, size)).refusal == Refusal::linkTruncated);
  }
  std::string stack;
  for (int i = 0; i < 32; i++) stack += top;
  CHECK(Decoded(219, stack.substr(4) + bottom + ipv4("")).refusal == Refusal::none);
  CHECK(Decoded(219, stack + bottom + ipv4("")).refusal == Refusal::linkDepth);
}

TEST_CASE(
    "link: a pseudowire's frame is found with and without a control word, whatever its address begins with") {
  const std::string bottom = octets("\x00\x02\x01\x40"), control = u32(1);
  for (char first : {'\x00', '\x02', '\x44', '\x60', '\x8c'}) {
    CAPTURE(first);
    std::string frame = ethernet(u16(7) + u16(0x0800) + ipv4(udp("a")), 0x8100);
    frame[0] = first;
    CHECK(Decoded(219, bottom + frame).link.ip.text() == ipv4(udp("a")));
    CHECK(Decoded(219, bottom + control + frame).link.ip.text() == ipv4(udp("a")));
  }
  CHECK(Decoded(219, bottom + octets("\x10\x00\x00\x21") + ipv4("")).refusal == Refusal::notIp);
}

TEST_CASE("link: Linux cooked, version 1 and 2, tags as well") {
  finds(113, kCookedHead + u16(0x0800));
  finds(113, kCookedHead + u16(0x86dd));
  finds(113, kCookedHead + u16(0x8100) + u16(5) + u16(0x0800));
  finds(276, u16(0x0800) + kCooked2Tail);
  finds(276, u16(0x8100) + kCooked2Tail + u16(5) + u16(0x86dd));
}

TEST_CASE("link: BSD loopback in the order of either kind of host, with each system's number for IPv6") {
  for (uint32_t family : {2, 10, 24, 28, 30}) {
    CAPTURE(family);
    finds(0, Order{false}.u32(family));
    finds(0, Order{true}.u32(family));
    finds(108, Order{true}.u32(family));
  }
}

TEST_CASE("link: raw IP begins at once") {
  for (uint32_t linkType : {12, 14, 101, 228, 229}) {
    CAPTURE(linkType);
    finds(linkType, "");
  }
}

TEST_CASE("link: a link type without a decoder is refused by name") {
  const Decoded wireless(105, kIp);
  CHECK(wireless.refusal == Refusal::linkType);
  CHECK(std::string(refusalName(wireless.refusal)) == "link_type");
}
