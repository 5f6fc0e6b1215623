// Tunnels: each one's header is passed over, the innermost addresses count, and what is no tunnel stays what
// it is.
#include <doctest/doctest.h>

#include <random>
#include <utility>
#include <vector>

#include "dissected.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr uint32_t kRaw = 101;

// 192.0.2.1 -> 192.0.2.2
std::string outer(const std::string& payload, uint8_t protocol) {
  return ipv4(payload, protocol).replace(12, 8, octets("\xc0\x00\x02\x01\xc0\x00\x02\x02"));
}

const std::string kV4 = ipv4(udp("INVITE"));
const std::string kV6 = ipv6(udp("INVITE"));
const std::string kFrame = ethernet(kV4);
const std::string kTagged = ethernet(vlan(5, kV6, 0x86dd), 0x8100);
const std::string kErspan2 = octets("\x10\x05\x10\x64\x00\x00\x00\x07");
std::string erspan3(char frameType, char last) {
  return octets("\x20\x05\x10\x64\x00\x00\x00\x01\x00\x00") + frameType + last;
}
const std::string kLabels = octets("\x00\x01\x00\x40\x00\x02\x01\x40");
std::string gtp(char flags, const std::string& fields) {
  const std::string packet = fields + kV4;
  return udpTo(2152, flags + octets("\xff") + u16(packet.size()) + u32(9) + packet);
}

struct Case {
  std::string what;
  std::string packet;  // IP
};

std::vector<Case> cases() {
  const std::string sequence = u32(77), key = u32(0xabcdef), checksum = u32(0);
  std::vector<Case> all = {
      {"IPIP", outer(kV4, 4)},
      {"6in4", outer(kV6, 41)},
      {"4in6", ipv6(kV4, 4)},
      {"6in6", ipv6(kV6, 41)},
      {"4in6 behind a destination option (RFC 2473)",
       ipv6(octets("\x04\x00\x04\x01\x04\x01\x01\x00") + kV4, 60)},
      {"GRE", outer(gre(kV4, 0x0800), 47)},
      {"GRE over IPv6", ipv6(gre(kV6, 0x86dd), 47)},
      {"GRE with a checksum", outer(gre(kV4, 0x0800, 0x8000, checksum), 47)},
      {"GRE with a key", outer(gre(kV4, 0x0800, 0x2000, key), 47)},
      {"GRE with a sequence", outer(gre(kV4, 0x0800, 0x1000, sequence), 47)},
      {"GRE with all three", outer(gre(kV6, 0x86dd, 0xb000, checksum + key + sequence), 47)},
      {"GRE with Ethernet", outer(gre(kTagged, 0x6558, 0x2000, key), 47)},
      {"GRE with MPLS", outer(gre(kLabels + kV4, 0x8847), 47)},
      {"ERSPAN I", outer(gre(kFrame, 0x88be), 47)},
      {"ERSPAN II", outer(gre(kErspan2 + kFrame, 0x88be, 0x1000, sequence), 47)},
      {"ERSPAN III", outer(gre(erspan3(0, 0) + kTagged, 0x22eb, 0x1000, sequence), 47)},
      {"ERSPAN III with a subheader",
       outer(gre(erspan3(0, 1) + std::string(8, 'x') + kFrame, 0x22eb, 0x1000, sequence), 47)},
      {"ERSPAN III of IP", outer(gre(erspan3(2 << 2, 0) + kV4, 0x22eb, 0x1000, sequence), 47)},
      {"VXLAN", outer(vxlan(100, kFrame), 17)},
      {"VXLAN over IPv6, tagged", ipv6(vxlan(100, kTagged))},
      {"VXLAN with a group policy",
       outer(udpTo(4789, octets("\x88\x00\x00\x05\x00\x00\x64\x00") + kFrame), 17)},
      {"GENEVE with Ethernet", outer(geneve(0x6558, kFrame), 17)},
      {"GENEVE with options", outer(geneve(0x6558, kTagged, std::string(20, 'o')), 17)},
      {"GENEVE with IP", outer(geneve(0x86dd, kV6, std::string(4, 'o')), 17)},
      {"TZSP", outer(tzsp(kFrame), 17)},
      {"TZSP with tags", outer(tzsp(kTagged, octets("\x00\x0a\x01\xc4\x00\x28\x04") + "time"), 17)},
      {"GTP-U", outer(gtp('\x30', ""), 17)},
      {"GTP-U with a sequence", outer(gtp('\x32', u16(1) + u16(0)), 17)},
      {"GTP-U with extensions", outer(gtp('\x34', u16(1) + octets("\x00\x85") + octets("\x01\x00\x01\x85") +
                                                      octets("\x02ooooo\x00\x00")),
                                      17)},
      {"MPLS in UDP", outer(udpTo(6635, kLabels + kV4), 17)},
      {"MPLS in IP", outer(kLabels + kV6, 137)},
      {"EtherIP", outer(octets("\x30\x00") + kFrame, 97)},
  };
  return all;
}

// `packet` in `depth` tunnels.
std::string nested(int depth) { return depth == 0 ? kV4 : ipv4(nested(depth - 1), 4); }

}  // namespace

TEST_CASE("tunnel: the innermost datagram comes out, with its addresses") {
  for (const Case& each : cases()) {
    CAPTURE(each.what);
    const Dissected inner(each.packet, kRaw);
    REQUIRE(inner.text() == "INVITE");
    CHECK(inner.segment.sourcePort == 5060);
    const bool v4 = inner.segment.source.family == Family::ipv4;
    CHECK(inner.segment.source.octets[0] == (v4 ? 10 : 0x20));
    CHECK(inner.segment.destination.octets[v4 ? 3 : 15] == 2);
  }
}

TEST_CASE("tunnel: every prefix of each, as a snap length cuts it, is refused without a look behind it") {
  for (const Case& each : cases()) {
    CAPTURE(each.what);
    for (size_t size = 0; size < each.packet.size(); size++) {
      CAPTURE(size);
      CHECK(Dissected(each.packet.substr(0, size), kRaw).refusal != Refusal::none);
    }
  }
}

TEST_CASE("tunnel: with --tunnels 0 nothing is opened") {
  DissectorLimits closed;
  closed.tunnels = false;
  for (const Case& each : cases()) {
    CAPTURE(each.what);
    const Dissected frame(each.packet, kRaw, closed);
    if (frame.refusal == Refusal::none) {
      CHECK(frame.segment.sourcePort == 50000);
    } else {
      CHECK(frame.refusal == Refusal::notUdpOrTcp);
    }
  }
}

TEST_CASE("tunnel: eight within one another are opened, nine are not") {
  CHECK(Dissected(nested(8), kRaw).text() == "INVITE");
  CHECK(Dissected(nested(9), kRaw).refusal == Refusal::tunnelDepth);
  CHECK(Dissected(nested(200), kRaw).refusal == Refusal::tunnelDepth);
}

TEST_CASE("tunnel: a datagram on a tunnel's port that has no header of the tunnel is what it is") {
  const std::string others[] = {"INVITE sip:a@b SIP/2.0\r\n\r\n",
                                "OPTIONS sip:4@6 SIP/2.0\r\n\r\n",
                                "SIP/2.0 200 OK\r\nCall-ID: 4660\r\n\r\n",
                                "ack a-lower-case-thing 64aq",
                                "\r\n\r\n",
                                "",
                                std::string(40, '\xff'),
                                std::string(3, '\0')};
  for (uint16_t port : {2152, 4789, 6081, 6635, 37008}) {
    CAPTURE(port);
    for (const std::string& other : others) {
      CHECK(Dissected(ipv4(udpTo(port, other)), kRaw).text() == other);
      CHECK(Dissected(ipv4(udpTo(port, other).replace(0, 4, u16(port) + u16(5060))), kRaw).text() == other);
    }
  }
}

TEST_CASE("tunnel: either port may be the tunnel's") {
  std::string datagram = vxlan(1, kFrame);
  datagram.replace(0, 4, u16(4789) + u16(50000));
  CHECK(Dissected(ipv4(datagram), kRaw).text() == "INVITE");
}

TEST_CASE("tunnel: what else they carry is not IP") {
  const std::string arp = ethernet("who has", 0x0806);
  CHECK(Dissected(outer(vxlan(1, arp), 17), kRaw).refusal == Refusal::notIp);
  CHECK(Dissected(outer(gre(arp, 0x6558), 47), kRaw).refusal == Refusal::notIp);
  CHECK(Dissected(outer(gre("keep-alive", 0x2000), 47), kRaw).refusal == Refusal::notIp);
  CHECK(Dissected(outer(geneve(0x88b5, "?"), 17), kRaw).refusal == Refusal::notIp);
  CHECK(Dissected(outer(udpTo(37008, octets("\x01\x00\x00\x12\x01") + "802.11"), 17), kRaw).refusal ==
        Refusal::notIp);
  CHECK(Dissected(outer(gre(erspan3(1 << 2, 0) + kFrame, 0x22eb, 0x1000, u32(1)), 47), kRaw).refusal ==
        Refusal::notIp);
}

TEST_CASE("tunnel: each malformed header has its counter") {
  const auto greOf = [](const std::string& octets) { return Dissected(outer(octets, 47), kRaw).refusal; };
  CHECK(greOf("\x10") == Refusal::greMalformed);
  CHECK(greOf(gre("", 0x0800, 0xb000, u32(0) + u32(0))) == Refusal::greMalformed);
  CHECK(greOf(gre(kV4, 0x0800, 0x4000, u32(0))) == Refusal::greMalformed);
  CHECK(greOf(gre(u32(0) + "PPP", 0x880b, 0x3001, u32(0))) == Refusal::greVersion);
  CHECK(greOf(gre(kErspan2.substr(1), 0x88be, 0x1000, u32(0))) == Refusal::erspanMalformed);
  CHECK(greOf(gre('\x70' + kErspan2.substr(1) + kFrame, 0x88be, 0x1000, u32(0))) == Refusal::erspanMalformed);
  CHECK(greOf(gre(erspan3(0, 0).substr(0, 11), 0x22eb)) == Refusal::erspanMalformed);
  CHECK(greOf(gre(erspan3(0, 1) + "short", 0x22eb)) == Refusal::erspanMalformed);
  CHECK(Dissected(ipv4(udpTo(6081, octets("\x05\x00\x65\x58\x00\x00\x07\x00") + "short")), kRaw).refusal ==
        Refusal::geneveMalformed);
  for (const std::string& tags : {octets(""), octets("\x00\x00"), octets("\x0a"), octets("\x0a\xff??")}) {
    CHECK(Dissected(ipv4(udpTo(37008, octets("\x01\x00\x00\x01") + tags)), kRaw).refusal ==
          Refusal::tzspMalformed);
  }
  for (const std::string& fields : {octets("\x00"), octets("\x00\x00\x00\x85"),
                                    octets("\x00\x00\x00\x85\x00\x00"), octets("\x00\x00\x00\x85\x09\x00")}) {
    CHECK(Dissected(ipv4(udpTo(2152, octets("\x34\xff\x00\x00\x00\x00\x00\x09") + fields)), kRaw).refusal ==
          Refusal::gtpMalformed);
  }
}

TEST_CASE("tunnel: TCP whose mirror was cut short is known to the octet") {
  const std::string packet = ipv4(vxlan(1, ethernet(ipv4(tcp("INVITE sip:a@b SIP/2.0"), 6))));
  const Dissected cut(packet.substr(0, packet.size() - 10), kRaw);
  REQUIRE(cut.refusal == Refusal::none);
  CHECK(cut.segment.missing == 10);
  CHECK(cut.text() == "INVITE sip:a");
}

TEST_CASE("tunnel: octets turned at random never lead out of the frame") {
  std::mt19937 random(20230401);
  std::vector<Case> all = cases();
  all.push_back({"plain", kV4});
  for (int turn = 0; turn < 8000; turn++) {
    std::string packet = all[random() % all.size()].packet;
    for (int i = 0; i < 3; i++) packet[random() % packet.size()] = char(random());
    const Dissected mutated(packet.substr(0, random() % (packet.size() + 1)), kRaw);
    if (mutated.refusal != Refusal::none) continue;
    const Bytes all = mutated.input.bytes();
    CHECK(mutated.segment.payload.begin() >= all.begin());
    CHECK(mutated.segment.payload.end() <= all.end());
  }
}
