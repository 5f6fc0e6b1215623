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
  Bytes ip;
  Refusal refusal;
  Decoded(uint32_t linkType, const std::string& frame) : input(frame) {
    refusal = decodeLink(linkType, input.bytes(), ip);
  }
};

const std::string kIp = "IP header and all";
const std::string kCookedHead = u16(0) + u16(1) + u16(6) + std::string(8, '\0');
const std::string kCooked2Tail = u16(0) + u32(3) + u16(1) + '\x00' + '\x06' + std::string(8, '\0');

void finds(uint32_t linkType, const std::string& head) {
  const Decoded whole(linkType, head + kIp);
  REQUIRE(whole.refusal == Refusal::none);
  CHECK(whole.ip.text() == kIp);
  for (size_t size = 0; size < head.size(); size++) {
    CAPTURE(size);
    CHECK(Decoded(linkType, head.substr(0, size)).refusal == Refusal::linkTruncated);
  }
  const Decoded bare(linkType, head);
  CHECK(bare.refusal == Refusal::none);
  CHECK(bare.ip.empty());
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

TEST_CASE("link: a frame of nothing but tags ends") {
  std::string tags;
  for (int i = 0; i < 500; i++) tags += u16(1) + u16(0x8100);
  CHECK(Decoded(1, ethernet(tags, 0x8100)).refusal == Refusal::linkTruncated);
}

TEST_CASE("link: what is neither IPv4 nor IPv6 is not IP") {
  CHECK(Decoded(1, ethernet("who has", 0x0806)).refusal == Refusal::notIp);
  CHECK(Decoded(1, ethernet("spanning tree", 38)).refusal == Refusal::notIp);
  CHECK(Decoded(113, kCookedHead + u16(0x0806) + "who has").refusal == Refusal::notIp);
  CHECK(Decoded(276, u16(0x0806) + kCooked2Tail).refusal == Refusal::notIp);
  CHECK(Decoded(0, u32(7) + "?").refusal == Refusal::notIp);
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
