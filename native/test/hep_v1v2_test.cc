// HEP versions 1 and 2: the layout, and the liberties that senders take with it.
#include <doctest/doctest.h>

#include <string>

#include "guarded.h"
#include "hep/packet.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

// A parsed packet together with the octets that it points into.
struct Parsed {
  GuardedBytes input;
  HepPacket packet;
  HepFault fault;
  explicit Parsed(const std::string& octets) : input(octets) { fault = parseHep(input.bytes(), packet); }
};

const uint8_t* octets(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

std::string v2(const std::string& extension) { return kV2.substr(0, 16) + extension + kOptions; }

}  // namespace

TEST_CASE("hep v1: the documented vector") {
  const Parsed v1(kV1);
  REQUIRE(v1.fault == HepFault::none);
  CHECK(v1.packet.version == 1);
  CHECK(v1.packet.family == Family::ipv4);
  CHECK(v1.packet.protocol == 17);
  CHECK(v1.packet.type == 1);
  CHECK(v1.packet.notes == 0);
  CHECK(v1.packet.sourcePort == 5060);
  CHECK(v1.packet.destinationPort == 5080);
  CHECK(v1.packet.source == Address::ipv4(octets(kFrom4)));
  CHECK(v1.packet.destination == Address::ipv4(octets(kTo4)));
  CHECK(v1.packet.payload.text() == kOptions);
  CHECK(v1.packet.seconds == 0);
  const uint32_t carried = chunkBit(1) | chunkBit(2) | chunkBit(3) | chunkBit(4) | chunkBit(7) | chunkBit(8);
  CHECK(v1.packet.present == (carried | chunkBit(15)));
}

TEST_CASE("hep v2: the documented vector") {
  const Parsed v2(kV2);
  REQUIRE(v2.fault == HepFault::none);
  CHECK(v2.packet.version == 2);
  CHECK(v2.packet.notes == 0);
  CHECK(v2.packet.seconds == 1700000000);
  CHECK(v2.packet.microseconds == 123456);
  CHECK(v2.packet.agentId == 7);
  CHECK(v2.packet.source == Address::ipv4(octets(kFrom4)));
  CHECK(v2.packet.payload.text() == kOptions);
  for (unsigned type : {9, 10, 12, 15}) CHECK((v2.packet.present & chunkBit(type)) != 0);
}

TEST_CASE("hep v1 and v2: IPv6 by the family numbers of every system, told as 10") {
  for (unsigned family : {10, 23, 28, 30}) {
    for (std::string wire : {kV1Ipv6, kV2Ipv6}) {
      wire[2] = char(family);
      const Parsed parsed(wire);
      REQUIRE(parsed.fault == HepFault::none);
      CHECK(parsed.packet.family == Family::ipv6);
      CHECK(parsed.packet.source == Address::ipv6(octets(kFrom6)));
      CHECK(parsed.packet.destination == Address::ipv6(octets(kTo6)));
      CHECK(parsed.packet.payload.text() == kOptions);
      CHECK((parsed.packet.present & (chunkBit(5) | chunkBit(6))) == (chunkBit(5) | chunkBit(6)));
      CHECK((parsed.packet.present & (chunkBit(3) | chunkBit(4))) == 0);
    }
  }
  const Parsed v2(kV2Ipv6);
  CHECK(v2.packet.seconds == 1700000000);
  CHECK(v2.packet.agentId == 7);
}

TEST_CASE("hep v1 and v2: an unknown family refuses the packet, so bare text is never taken for SIP") {
  for (unsigned family : {0, 1, 3, 84, 255}) {
    for (std::string wire : {kV1, kV2}) {
      wire[2] = char(family);
      CHECK(Parsed(wire).fault == HepFault::badFamily);
    }
  }
}

TEST_CASE("hep v1 and v2: a wrong header-length octet is noted and decides nothing") {
  for (const std::string& good : {kV1, kV2, kV1Ipv6, kV2Ipv6}) {
    for (unsigned length : {0, 1, 17, 28, 255}) {
      std::string wire = good;
      wire[1] = char(length);
      const Parsed parsed(wire);
      REQUIRE(parsed.fault == HepFault::none);
      CHECK(parsed.packet.notes == kNoteHeaderLength);
      CHECK(parsed.packet.payload.text() == kOptions);
    }
  }
}

TEST_CASE("hep v1 and v2: the zero octets that agents append are not payload") {
  for (const std::string& good : {kV1, kV2, kV1Ipv6, kV2Ipv6}) {
    for (size_t zeros : {8, 32})
      CHECK(Parsed(good + std::string(zeros, '\0')).packet.payload.text() == kOptions);
    const std::string header = good.substr(0, good.size() - kOptions.size());
    const Parsed empty(header + std::string(8, '\0'));
    REQUIRE(empty.fault == HepFault::none);
    CHECK(empty.packet.payload.empty());
    CHECK(Parsed(header + std::string("a\0b\0", 4)).packet.payload.text() == std::string("a\0b", 3));
  }
}

TEST_CASE("hep v2: a time that makes sense only as big-endian is read so, with the agent id") {
  const Parsed big(v2(u32(1700000000) + u32(123456) + u16(7) + u16(0)));
  REQUIRE(big.fault == HepFault::none);
  CHECK(big.packet.notes == kNoteBigEndianTime);
  CHECK(big.packet.seconds == 1700000000);
  CHECK(big.packet.microseconds == 123456);
  CHECK(big.packet.agentId == 7);
  CHECK(big.packet.payload.text() == kOptions);
}

TEST_CASE("hep v2: microseconds decide where the seconds read well in both orders") {
  const uint32_t either = 0x65000065;
  CHECK(Parsed(v2(u32(either) + u32(123456) + u16(7) + u16(0))).packet.notes == kNoteBigEndianTime);
  CHECK(Parsed(v2(u32Little(either) + u32Little(123456) + u16Little(7) + u16(0))).packet.notes == 0);
}

TEST_CASE("hep v2: a time that makes no sense in either order stays little-endian, as sent") {
  for (uint32_t seconds : {0u, 5u, 4294967295u}) {
    const Parsed odd(v2(u32Little(seconds) + u32Little(99) + u16Little(260) + u16(0)));
    CHECK(odd.packet.notes == 0);
    CHECK(odd.packet.seconds == seconds);
    CHECK(odd.packet.agentId == 260);
  }
  const Parsed late(v2(u32Little(1700000000) + u32Little(5'000'000) + u16Little(7) + u16(0)));
  CHECK(late.packet.microseconds == 5'000'000);
}
