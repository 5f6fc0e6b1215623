// Which version a datagram has, and what is no HEP at all.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "guarded.h"
#include "hep/packet.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

HepFault faultOf(const std::string& packet) {
  HepPacket out;
  return parseHep(guarded(packet).bytes(), out);
}

uint8_t versionOf(const std::string& packet) {
  HepPacket out;
  REQUIRE(parseHep(guarded(packet).bytes(), out) == HepFault::none);
  return out.version;
}

bool inside(Bytes part, Bytes whole) {
  return part.empty() || (part.begin() >= whole.begin() && part.end() <= whole.end());
}

}  // namespace

TEST_CASE("hep packet: the first octets name the version") {
  CHECK(versionOf(kV1) == 1);
  CHECK(versionOf(kV2) == 2);
  CHECK(versionOf(kV3) == 3);
  CHECK(versionOf("EEP3" + kV3.substr(4)) == 3);
}

TEST_CASE("hep packet: what is not HEP is bad magic, however short") {
  for (const char* text :
       {"OPTIONS sip:a@b SIP/2.0\r\n\r\n", "\r\n\r\n", "HEP2....", "EEP4", "X", "HEQ", "\x03"})
    CHECK_MESSAGE(faultOf(text) == HepFault::badMagic, text);
  CHECK(faultOf(std::string(28, '\0')) == HepFault::badMagic);
}

TEST_CASE("hep packet: nothing, and the start of a magic, are too short") {
  for (const char* text :
       {"", "H", "HE", "HEP", "HEP3", "HEP3\x01", "E", "EE", "EEP", "EEP3", "\x01", "\x02"})
    CHECK_MESSAGE(faultOf(text) == HepFault::tooShort, text);
}

TEST_CASE("hep packet: every prefix is answered, refused before the payload, and never read past") {
  for (const std::string& whole : {kV1, kV1Ipv6, kV2, kV2Ipv6}) {
    const size_t header = whole.size() - kOptions.size();
    for (size_t size = 0; size <= whole.size(); size++)
      CHECK(faultOf(whole.substr(0, size)) == (size < header ? HepFault::tooShort : HepFault::none));
  }
  for (const std::string& whole : {kV3, kV3Ipv6}) {
    for (size_t size = 0; size <= whole.size(); size++) {
      const HepFault expected = size < 6              ? HepFault::tooShort
                                : size < whole.size() ? HepFault::badLength
                                                      : HepFault::none;
      CHECK(faultOf(whole.substr(0, size)) == expected);
    }
  }
}

TEST_CASE("hep packet: any one octet may have any value") {
  for (const std::string& whole : {kV1, kV2, kV3, kV1Ipv6, kV2Ipv6, kV3Ipv6}) {
    for (size_t at = 0; at < whole.size() - kOptions.size(); at++) {
      for (unsigned value = 0; value < 256; value += 5) {
        std::string changed = whole;
        changed[at] = char(value);
        const GuardedBytes input = guarded(changed);
        HepPacket out;
        if (parseHep(input.bytes(), out) != HepFault::none) continue;
        CHECK(inside(out.payload, input.bytes()));
        CHECK(inside(out.correlation, input.bytes()));
      }
    }
  }
}

TEST_CASE("hep packet: nothing is left over from the packet before") {
  HepPacket out;
  const std::string full =
      hep3(chunk(101, "{}") + chunk(14, "key") + chunk(16, "x") + kV3.substr(6)) + "trailing";
  REQUIRE(parseHep(guarded(full).bytes(), out) == HepFault::none);
  REQUIRE(parseHep(guarded(hep3("")).bytes(), out) == HepFault::none);
  CHECK(out.version == 3);
  CHECK(out.family == Family::none);
  CHECK(out.protocol == 0);
  CHECK(out.type == 0);
  CHECK(out.notes == 0);
  CHECK(out.present == 0);
  CHECK(out.sourcePort == 0);
  CHECK(out.destinationPort == 0);
  CHECK(out.seconds == 0);
  CHECK(out.microseconds == 0);
  CHECK(out.agentId == 0);
  CHECK(out.source == Address{});
  CHECK(out.destination == Address{});
  for (Bytes octets : {out.payload, out.correlation, out.extraCorrelation, out.authKey})
    CHECK(octets.data == nullptr);
  REQUIRE(parseHep(guarded(full).bytes(), out) == HepFault::none);
  REQUIRE(parseHep(guarded(kV1).bytes(), out) == HepFault::none);
  CHECK(out.seconds == 0);
  CHECK(out.notes == 0);
  CHECK(out.correlation.data == nullptr);
  CHECK(out.extraCorrelation.data == nullptr);
}

TEST_CASE("hep packet: every fault has a counter name of its own") {
  std::set<std::string> names;
  for (unsigned fault = 0; fault < unsigned(HepFault::count); fault++)
    names.insert(faultName(HepFault(fault)));
  CHECK(names.size() == size_t(HepFault::count));
  CHECK(names.count("unknown") == 0);
  CHECK(faultName(HepFault::familyContradiction) == std::string("family_contradiction"));
}
