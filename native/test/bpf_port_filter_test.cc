// The port filters: what passes for every term, link type and number of tags. test/bpf has the comparison
// with tcpdump's own programs.
#include <doctest/doctest.h>

#include "bpf/interpreter.h"
#include "bpf/port_filter.h"
#include "bpf_frames.h"
#include "guarded.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr uint32_t kEthernet = 1;
constexpr uint32_t kRaw = 101;

uint32_t verdict(const Program& program, const std::string& frame) {
  const GuardedBytes input(frame);
  REQUIRE(isValid(program));
  return run(program, input.bytes(), uint32_t(frame.size()));
}

bool passes(const PortFilter& filter, const std::string& frame) {
  return verdict(portFilter(filter), frame) != 0;
}

bool passesIp(const std::string& packet, const PortFilter& filter = {.linkType = kRaw}) {
  return passes(filter, packet);
}

const PortFilter kNoTunnels = {.linkType = kRaw, .tunnels = false};

}  // namespace

TEST_CASE("bpf: the ports of the range, of either end, of UDP, TCP and SCTP") {
  for (uint8_t protocol : {6, 17, 132}) {
    CAPTURE(protocol);
    for (uint16_t port : {5060, 5061}) {
      CHECK(passesIp(ipv4(ports(port, 9), protocol)));
      CHECK(passesIp(ipv4(ports(9, port), protocol)));
      CHECK(passesIp(ipv6(ports(port, 9), protocol)));
      CHECK(passesIp(ipv6(ports(9, port), protocol)));
    }
    for (uint16_t port : {5059, 5062}) {
      CHECK_FALSE(passesIp(ipv4(ports(port, port), protocol)));
      CHECK_FALSE(passesIp(ipv6(ports(port, port), protocol)));
    }
  }
  CHECK_FALSE(passesIp(ipv4(ports(5060, 5060), 1)));
  CHECK_FALSE(passesIp(ipv6(ports(5060, 5060), 58)));
}

TEST_CASE("bpf: ports behind IPv4 options") {
  for (size_t words : {1, 5, 10}) {
    CHECK(passesIp(ipv4WithOptions(words, ports(9, 5060))));
    CHECK_FALSE(passesIp(ipv4WithOptions(words, ports(9, 9))));
  }
}

TEST_CASE("bpf: first fragments are judged by their ports, later ones pass") {
  CHECK(passesIp(ipv4(ports(5060, 9), 17, 0x2000)));
  CHECK_FALSE(passesIp(ipv4(ports(9, 9), 17, 0x2000)));
  CHECK(passesIp(ipv4(ports(9, 9), 17, 0x2001)));
  CHECK(passesIp(ipv4(ports(9, 9), 17, 0x1fff)));
  CHECK(passesIp(ipv4(ports(9, 9), 1, 1)));
  CHECK(passesIp(ipv6(ports(9, 9), 44)));
  CHECK(passesIp(ipv4(ports(9, 9), 17, 1), kNoTunnels));
  CHECK(passesIp(ipv6(ports(9, 9), 44), kNoTunnels));
}

TEST_CASE("bpf: tunnels pass while they are looked into") {
  for (uint8_t protocol : {4, 41, 47}) {
    CHECK(passesIp(ipv4("inside", protocol)));
    CHECK_FALSE(passesIp(ipv4("inside", protocol), kNoTunnels));
  }
  for (uint16_t port : {4789, 6081, 37008}) {
    CHECK(passesIp(ipv4(ports(9, port))));
    CHECK(passesIp(ipv6(ports(port, 9))));
    CHECK_FALSE(passesIp(ipv4(ports(9, port), 6)));
    CHECK_FALSE(passesIp(ipv4(ports(9, port)), kNoTunnels));
  }
  const std::string mpls = ethernet(octets("\x00\x01\x01\x40") + ipv4(ports(9, 9)), 0x8847);
  CHECK(passes({.linkType = kEthernet}, mpls));
  CHECK_FALSE(passes({.linkType = kEthernet, .tunnels = false}, mpls));
}

TEST_CASE("bpf: IPv6 headers before the ports pass where that is wanted") {
  const PortFilter chains = {.linkType = kRaw, .ipv6Chains = true};
  const PortFilter noTunnels = {.linkType = kRaw, .tunnels = false, .ipv6Chains = true};
  for (uint8_t next : {0, 43, 60}) {
    CHECK(passesIp(ipv6("header", next), chains));
    CHECK(passesIp(ipv6("header", next), noTunnels));
    CHECK_FALSE(passesIp(ipv6("header", next)));
  }
  for (uint8_t next : {4, 41, 47}) {
    CHECK(passesIp(ipv6("inside", next), chains));
    CHECK_FALSE(passesIp(ipv6("inside", next), noTunnels));
    CHECK_FALSE(passesIp(ipv6("inside", next)));
  }
  CHECK_FALSE(passesIp(ipv6("secret", 50)));
}

TEST_CASE("bpf: up to two tags of each kind are passed over, three are not") {
  const Typed sip{0x0800, ipv4(ports(5060, 9))};
  const Typed web{0x0800, ipv4(ports(80, 9))};
  const PortFilter filter = {.linkType = kEthernet};
  CHECK(passes(filter, sip.ethernet()));
  CHECK_FALSE(passes(filter, web.ethernet()));
  for (uint16_t outer : {0x8100, 0x88a8, 0x9100}) {
    CHECK(passes(filter, sip.under(outer).ethernet()));
    CHECK_FALSE(passes(filter, web.under(outer).ethernet()));
    for (uint16_t inner : {0x8100, 0x88a8, 0x9100}) {
      CHECK(passes(filter, sip.under(inner).under(outer).ethernet()));
      CHECK_FALSE(passes(filter, web.under(inner).under(outer).ethernet()));
      CHECK_FALSE(passes(filter, sip.under(0x8100).under(inner).under(outer).ethernet()));
    }
  }
}

TEST_CASE("bpf: cooked frames have the verdict of Ethernet frames, tags and all") {
  for (bool tunnels : {false, true}) {
    const auto ethernet = portFilter({.linkType = kEthernet, .tunnels = tunnels});
    const auto cooked = portFilter({.linkType = 113, .tunnels = tunnels});
    const auto cooked2 = portFilter({.linkType = 276, .tunnels = tunnels});
    for (const Typed& frame : filterFrames()) {
      for (const Typed& one : {frame, frame.under(0x8100), frame.under(0x8100).under(0x88a8)}) {
        const uint32_t expected = verdict(ethernet, one.ethernet());
        CHECK(verdict(cooked, one.cooked()) == expected);
        CHECK(verdict(cooked2, one.cooked2()) == expected);
      }
    }
  }
}

TEST_CASE("bpf: raw IP and loopback have the verdict of Ethernet frames") {
  const auto ethernet = portFilter({.linkType = kEthernet});
  for (const Typed& frame : filterFrames()) {
    const bool isIpv4 = frame.type == 0x0800;
    if (!isIpv4 && frame.type != 0x86dd) continue;
    const uint32_t expected = verdict(ethernet, frame.ethernet());
    for (uint32_t linkType : {12u, 14u, 101u, isIpv4 ? 228u : 229u}) {
      CHECK(verdict(portFilter({.linkType = linkType}), frame.rest) == expected);
    }
    const uint32_t family = isIpv4 ? 2 : 10;
    const std::string null(reinterpret_cast<const char*>(&family), 4);
    CHECK(verdict(portFilter({.linkType = 0}), null + frame.rest) == expected);
    CHECK(verdict(portFilter({.linkType = 108}), u32(family) + frame.rest) == expected);
  }
  CHECK_FALSE(passesIp("\x55" + ipv4(ports(5060, 9)).substr(1)));
}

TEST_CASE("bpf: a link type that nobody decodes passes, to be counted") {
  CHECK(passes({.linkType = 105}, "any octets"));
}

TEST_CASE("bpf: every port") {
  const PortFilter all = {.linkType = kRaw, .allPorts = true, .tunnels = false};
  CHECK(passesIp(ipv4(ports(0, 0)), all));
  CHECK(passesIp(ipv6(ports(65535, 65535), 6), all));
  CHECK_FALSE(passesIp(ipv4("ping", 1), all));
}

TEST_CASE("bpf: the verdict is the length to keep") {
  const std::string sip = ipv4(ports(5060, 9));
  CHECK(verdict(portFilter({.linkType = kRaw}), sip) == 65535);
  CHECK(verdict(portFilter({.linkType = kRaw, .snapLength = 96}), sip) == 96);
  CHECK(verdict(portFilter({.linkType = kRaw, .snapLength = 0}), sip) == 262144);
}

TEST_CASE("bpf: behind IPIP the inner packet has the verdict of a frame of raw IP") {
  for (bool tunnels : {false, true}) {
    for (bool chains : {false, true}) {
      const PortFilter filter = {.linkType = kRaw, .tunnels = tunnels, .ipv6Chains = chains};
      const Program inside = ipipFilter(filter);
      const Program plain = portFilter(filter);
      Chance chance(20260501);
      for (const Typed& frame : filterFrames()) {
        for (int i = 0; i < 8; i++) {
          const std::string packet = i == 0 ? frame.rest : spoiled(frame.rest, chance);
          const uint32_t expected = verdict(plain, packet);
          for (size_t words : {0, 1, 10}) {
            const std::string outer = ipv4WithOptions(words, packet, i % 2 ? 4 : 41);
            CHECK(verdict(inside, outer) == expected);
          }
        }
      }
    }
  }
}

TEST_CASE("bpf: a range of one port, and one up to the last port") {
  const PortFilter one = {.linkType = kRaw, .firstPort = 5070, .lastPort = 5070};
  CHECK(passesIp(ipv4(ports(5070, 9)), one));
  CHECK_FALSE(passesIp(ipv4(ports(5069, 5071)), one));
  const PortFilter high = {.linkType = kRaw, .firstPort = 65535, .lastPort = 65535};
  CHECK(passesIp(ipv4(ports(9, 65535)), high));
  CHECK_FALSE(passesIp(ipv4(ports(9, 65534)), high));
}
