// What holds from one frame to the next: nothing of the one before is left, and what was put together lives
// long enough.
#include <doctest/doctest.h>

#include "dissected.h"

using namespace hepcapd;
using namespace hepcapd::test;

TEST_CASE("dissector: a segment has nothing of the one before") {
  Wire wire;
  const std::string segment = ipv4(tcp("INVITE", 7), 6);
  CHECK(wire(segment.substr(0, segment.size() - 2)) == "INVI");
  CHECK(wire.segment().missing == 2);
  CHECK(wire(ipv6(udp("BYE"))) == "BYE");
  CHECK(wire.segment().protocol == 17);
  CHECK(wire.segment().tcpFlags == 0);
  CHECK(wire.segment().sequence == 0);
  CHECK(wire.segment().missing == 0);
  CHECK(wire(ipv4(udp("ACK"))) == "ACK");
  const uint8_t from[] = {10, 0, 0, 1};
  CHECK(wire.segment().source == Address::ipv4(from));
}

TEST_CASE("dissector: a datagram whose header was cut is not taken for the tunnel of the one before") {
  Wire wire;
  CHECK(wire(ipv4(vxlan(1, ethernet(ipv4(udp("INVITE")))))) == "INVITE");
  CHECK(wire(ipv4(udp("")).substr(0, 22)) == "udp_truncated");
}

TEST_CASE("dissector: what was put together outlives its frames, until the next one") {
  const std::string payload(3000, 'p');
  for (const bool reverse : {false, true}) {
    Wire wire;
    CHECK(wire(ipv4Part(udp(payload), reverse ? 1480 : 0, reverse ? 1600 : 1480)) == "fragment_held");
    CHECK(wire(ipv4Part(udp(payload), reverse ? 0 : 1480, reverse ? 1480 : 1600)) == payload);
    CHECK(wire.segment().payload.text() == payload);  // the frame's pages are gone by now
    CHECK(wire(ipv4(udp("next"))) == "next");
  }
}

TEST_CASE("dissector: what a snap length cut in a tunnel is refused, or told") {
  const std::string inner = ipv4(udp("a message of some length"));
  const std::string packet = ipv4(vxlan(1, ethernet(inner)));
  CHECK(Dissected(packet, 101).text() == "a message of some length");
  CHECK(Dissected(packet.substr(0, packet.size() - 1), 101).text() == "udp_truncated");
  CHECK(Dissected(packet.substr(0, packet.size() - inner.size() + 10), 101).text() == "ip_truncated");
  CHECK(Dissected(packet.substr(0, 20 + 8 + 8 + 5), 101).text() == "link_truncated");
}

TEST_CASE("dissector: fragments behind tags, labels and every link layer") {
  const std::string payload(500, 'x'), datagram = udp(payload);
  const std::string head = ipv4Part(datagram, 0, 256), tail = ipv4Part(datagram, 256, 256);
  const std::string label = octets("\x00\x02\x01\x40"), otherLabel = octets("\x00\x03\x01\x3f");
  const std::string snap = octets("\xaa\xaa\x03\x00\x00\x00\x08\x00");
  struct {
    uint32_t linkType;
    std::string first, second;
  } const cases[] = {
      {1, ethernet(vlan(5, head), 0x8100), ethernet(vlan(5, tail), 0x8100)},
      {1, ethernet(vlan(9, vlan(5, head), 0x8100), 0x88a8), ethernet(vlan(9, vlan(5, tail), 0x8100), 0x88a8)},
      {1, ethernet(label + head, 0x8847), ethernet(otherLabel + tail, 0x8847)},  // the paths may differ
      {1, ethernet(snap + head, uint16_t(8 + head.size())), ethernet(snap + tail, uint16_t(8 + tail.size()))},
      {9, octets("\xff\x03\x00\x21") + head, octets("\x21") + tail},
      {0, Order{false}.u32(2) + head, Order{false}.u32(2) + tail},
      {276, u16(0x0800) + std::string(18, '\0') + head, u16(0x0800) + std::string(18, '\0') + tail},
  };
  for (const auto& [linkType, first, second] : cases) {
    CAPTURE(linkType);
    Wire wire;
    CHECK(wire(second, 0, linkType) == "fragment_held");
    CHECK(wire(first, 0, linkType) == payload);
  }
}
