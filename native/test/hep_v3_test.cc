// HEP version 3: lengths are checked before anything is believed, and oddities have one documented meaning.
#include <doctest/doctest.h>

#include <string>

#include "guarded.h"
#include "hep/packet.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Parsed {
  GuardedBytes input;
  HepPacket packet;
  HepFault fault;
  explicit Parsed(const std::string& octets) : input(octets) { fault = parseHep(input.bytes(), packet); }
};

Parsed parsed(const std::string& chunks) { return Parsed(hep3(chunks)); }

Address ipv4(const std::string& text) { return Address::ipv4(reinterpret_cast<const uint8_t*>(text.data())); }
Address ipv6(const std::string& text) { return Address::ipv6(reinterpret_cast<const uint8_t*>(text.data())); }

const std::string from4 = chunk(3, kFrom4), to4 = chunk(4, kTo4);
const std::string from6 = chunk(5, kFrom6), to6 = chunk(6, kTo6);

}  // namespace

TEST_CASE("hep v3: the documented vector") {
  for (const std::string magic : {"HEP3", "EEP3"}) {
    const Parsed v3(magic + kV3.substr(4));
    REQUIRE(v3.fault == HepFault::none);
    CHECK(v3.packet.version == 3);
    CHECK(v3.packet.family == Family::ipv4);
    CHECK(v3.packet.protocol == 17);
    CHECK(v3.packet.type == 1);
    CHECK(v3.packet.notes == 0);
    CHECK(v3.packet.sourcePort == 5060);
    CHECK(v3.packet.destinationPort == 5080);
    CHECK(v3.packet.seconds == 1700000000);
    CHECK(v3.packet.microseconds == 123456);
    CHECK(v3.packet.agentId == 7);
    CHECK(v3.packet.source == ipv4(kFrom4));
    CHECK(v3.packet.destination == ipv4(kTo4));
    CHECK(v3.packet.payload.text() == kOptions);
    CHECK(v3.packet.correlation.text() == "abc@10.0.0.1");
    CHECK(v3.packet.present == (0x1f9e | chunkBit(15) | chunkBit(17)));
  }
}

TEST_CASE("hep v3: IPv6") {
  const Parsed v3(kV3Ipv6);
  REQUIRE(v3.fault == HepFault::none);
  CHECK(v3.packet.family == Family::ipv6);
  CHECK(v3.packet.source == ipv6(kFrom6));
  CHECK(v3.packet.destination == ipv6(kTo6));
  CHECK(v3.packet.payload.text() == kOptions);
}

TEST_CASE("hep v3: a total under its own header or beyond the datagram") {
  for (unsigned total : {0, 1, 5, 0x91, 0xffff}) {
    std::string wire = kV3;
    wire.replace(4, 2, u16(total));
    CHECK(Parsed(wire).fault == HepFault::badLength);
  }
}

TEST_CASE("hep v3: octets after the total are noted and are not chunks") {
  const Parsed v3(kV3 + chunk(11, u8(5)));
  REQUIRE(v3.fault == HepFault::none);
  CHECK(v3.packet.notes == kNoteTrailingOctets);
  CHECK(v3.packet.type == 1);
}

TEST_CASE("hep v3: every total that cuts a chunk refuses the packet") {
  size_t edge = 6;  // where a chunk ends
  for (size_t total = 6; total < kV3.size(); total++) {
    std::string wire = kV3;
    wire.replace(4, 2, u16(unsigned(total)));
    const bool atEdge = total == edge;
    if (atEdge) edge += size_t(uint8_t(kV3[edge + 4])) << 8 | uint8_t(kV3[edge + 5]);
    CHECK(Parsed(wire).fault == (atEdge ? HepFault::none : HepFault::badChunkLength));
  }
}

TEST_CASE("hep v3: chunk lengths 0 to 5 would never end the walk") {
  for (unsigned length = 0; length < 6; length++) {
    for (unsigned vendor : {0, 9}) {
      for (unsigned type : {1, 13, 15, 17, 18, 101, 999}) {
        const std::string bad = u16(vendor) + u16(type) + u16(length) + std::string(12, '\0');
        CHECK(parsed(bad).fault == HepFault::badChunkLength);
      }
    }
  }
}

TEST_CASE("hep v3: a chunk longer than what is left") {
  CHECK(parsed(u16(0) + u16(15) + u16(8) + "a").fault == HepFault::badChunkLength);
  CHECK(parsed(u16(9) + u16(15) + u16(0xffff) + "a").fault == HepFault::badChunkLength);
  CHECK(parsed(chunk(15, "a") + std::string(5, '\0')).fault == HepFault::badChunkLength);
}

TEST_CASE("hep v3: a generic chunk of fixed width has that width or refuses the packet") {
  const size_t widths[] = {0, 1, 1, 4, 4, 16, 16, 2, 2, 4, 4, 1, 4};
  for (unsigned type = 1; type <= 12; type++) {
    for (size_t width = 0; width <= 20; width++) {
      const bool good = width == widths[type];
      CHECK(parsed(chunk(type, std::string(width, '\2'))).fault ==
            (good ? HepFault::none : HepFault::badChunkLength));
      CHECK(parsed(chunk(type, std::string(width, '\2'), 9)).fault == HepFault::none);
    }
  }
}

TEST_CASE("hep v3: a vendor's chunk is never looked into") {
  std::string foreign;
  for (unsigned type = 0; type <= 41; type++) foreign += chunk(type, "vendor", 3);
  foreign += chunk(101, "vendor", 3);
  const Parsed alone = parsed(foreign);
  REQUIRE(alone.fault == HepFault::none);
  CHECK(alone.packet.present == 0);
  CHECK(alone.packet.payload.empty());
  CHECK(alone.packet.extraCorrelation.empty());

  const Parsed mixed(hep3(foreign + kV3.substr(6) + foreign));
  REQUIRE(mixed.fault == HepFault::none);
  CHECK(mixed.packet.type == 1);
  CHECK(mixed.packet.payload.text() == kOptions);
  CHECK(mixed.packet.correlation.text() == "abc@10.0.0.1");
}

TEST_CASE("hep v3: generic types that have no slot are stepped over") {
  std::string others = chunk(0, "zero");
  for (unsigned type : {0x12, 0x13, 0x20, 0x29, 0x64, 0x66, 0xffff}) others += chunk(type, "other");
  const Parsed v3 = parsed(others + chunk(15, "x"));
  REQUIRE(v3.fault == HepFault::none);
  CHECK(v3.packet.present == chunkBit(15));
  CHECK(v3.packet.payload.text() == "x");
}

TEST_CASE("hep v3: of several fixed chunks the last wins") {
  const Parsed v3 = parsed(chunk(7, u16(1)) + chunk(7, u16(2)) + from4 + chunk(3, kTo4) + chunk(15, "first") +
                           chunk(15, "last"));
  CHECK(v3.packet.sourcePort == 2);
  CHECK(v3.packet.source == ipv4(kTo4));
  CHECK(v3.packet.payload.text() == "last");
}

TEST_CASE("hep v3: of several correlations and keys the first wins, even an empty one") {
  for (const std::string first : {"first", ""}) {
    std::string chunks;
    for (unsigned type : {17, 101, 14}) chunks += chunk(type, first) + chunk(type, "second");
    const Parsed v3 = parsed(chunks);
    CHECK(v3.packet.correlation.text() == first);
    CHECK(v3.packet.extraCorrelation.text() == first);
    CHECK(v3.packet.authKey.text() == first);
  }
}

TEST_CASE("hep v3: plain and compressed payload are one slot, and the note tells which one won") {
  const Parsed compressed = parsed(chunk(15, "plain") + chunk(16, "packed"));
  CHECK(compressed.packet.payload.text() == "packed");
  CHECK(compressed.packet.notes == kNoteCompressed);
  const Parsed plain = parsed(chunk(16, "packed") + chunk(15, "plain"));
  CHECK(plain.packet.payload.text() == "plain");
  CHECK(plain.packet.notes == 0);
}

TEST_CASE("hep v3: no payload and an empty payload are both fine, and told apart") {
  const Parsed none = parsed(chunk(11, u8(0)) + chunk(13, u16(30)));
  REQUIRE(none.fault == HepFault::none);
  CHECK((none.packet.present & chunkBit(15)) == 0);
  CHECK((none.packet.present & chunkBit(13)) != 0);
  const Parsed empty = parsed(chunk(15, ""));
  REQUIRE(empty.fault == HepFault::none);
  CHECK((empty.packet.present & chunkBit(15)) != 0);
  CHECK(empty.packet.payload.empty());
}

TEST_CASE("hep v3: trailing zeros belong to the payload, unlike in v1 and v2") {
  CHECK(parsed(chunk(15, std::string("a\0", 2))).packet.payload.size == 2);
}

TEST_CASE("hep v3: family numbers of other systems") {
  for (unsigned family : {10, 23, 28, 30}) {
    const Parsed v3 = parsed(chunk(1, u8(family)) + from6 + to6);
    CHECK(v3.packet.family == Family::ipv6);
    CHECK(v3.packet.notes == 0);
    CHECK(v3.packet.destination == ipv6(kTo6));
  }
}

TEST_CASE("hep v3: an absent or odd family is taken from the address chunks") {
  for (const std::string& family : {std::string(), chunk(1, u8(0)), chunk(1, u8(84))}) {
    const Parsed four = parsed(from4 + family + to4);
    REQUIRE(four.fault == HepFault::none);
    CHECK(four.packet.family == Family::ipv4);
    CHECK(four.packet.notes == kNoteUnknownFamily);
    CHECK(four.packet.destination == ipv4(kTo4));
    const Parsed six = parsed(family + from6 + to6);
    REQUIRE(six.fault == HepFault::none);
    CHECK(six.packet.family == Family::ipv6);
    CHECK(six.packet.notes == kNoteUnknownFamily);
    CHECK(six.packet.source == ipv6(kFrom6));
    for (const std::string& both : {from4 + to4 + from6 + to6, from4 + to6, from6 + to4, from4 + from6})
      CHECK(parsed(family + both).fault == HepFault::familyContradiction);
  }
}

TEST_CASE("hep v3: with a family both pairs are fine and the family's pair is taken") {
  const Parsed four = parsed(chunk(1, u8(2)) + from4 + to4 + from6 + to6);
  REQUIRE(four.fault == HepFault::none);
  CHECK(four.packet.source == ipv4(kFrom4));
  CHECK(four.packet.destination == ipv4(kTo4));
  CHECK(four.packet.notes == 0);
  const Parsed six = parsed(from6 + to6 + from4 + to4 + chunk(1, u8(10)));
  REQUIRE(six.fault == HepFault::none);
  CHECK(six.packet.source == ipv6(kFrom6));
  CHECK(six.packet.destination == ipv6(kTo6));
}

TEST_CASE("hep v3: an end whose address is of the other family only is a contradiction") {
  const std::string is4 = chunk(1, u8(2)), is6 = chunk(1, u8(10));
  for (const std::string& ends : {from6 + to6, from6, to6, from4 + to6, from6 + to4, from4 + from6 + to6})
    CHECK(parsed(is4 + ends).fault == HepFault::familyContradiction);
  for (const std::string& ends : {from4 + to4, from4, to4, from4 + to6, from6 + to4, from6 + from4 + to4})
    CHECK(parsed(is6 + ends).fault == HepFault::familyContradiction);
  CHECK(parsed(is4 + from4 + to4 + from6).fault == HepFault::none);
}

TEST_CASE("hep v3: one address or none is accepted, and what is missing has no family") {
  const Parsed source = parsed(chunk(1, u8(2)) + from4);
  REQUIRE(source.fault == HepFault::none);
  CHECK(source.packet.source == ipv4(kFrom4));
  CHECK(source.packet.destination.family == Family::none);
  const Parsed destination = parsed(to6);
  REQUIRE(destination.fault == HepFault::none);
  CHECK(destination.packet.source.family == Family::none);
  CHECK(destination.packet.destination == ipv6(kTo6));

  const Parsed known = parsed(chunk(1, u8(10)) + chunk(15, "x"));
  REQUIRE(known.fault == HepFault::none);
  CHECK(known.packet.family == Family::ipv6);
  CHECK(known.packet.source.family == Family::none);
  const Parsed unknown = parsed(chunk(15, "x"));
  REQUIRE(unknown.fault == HepFault::none);
  CHECK(unknown.packet.family == Family::none);
  CHECK(unknown.packet.notes == 0);
  CHECK(parsed(chunk(1, u8(84))).packet.notes == kNoteUnknownFamily);
}

TEST_CASE("hep v3: the largest packet, of thousands of the smallest chunks") {
  std::string chunks;
  while (6 + chunks.size() + 6 <= 65535) chunks += chunk(18, "");
  chunks.replace(0, 6, chunk(15, ""));
  const Parsed v3 = parsed(chunks);
  CHECK(v3.fault == HepFault::none);
  CHECK(v3.packet.present == chunkBit(15));
}
