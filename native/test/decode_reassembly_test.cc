// Fragments in every order that a network or somebody hostile finds for them.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "dissected.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

std::string letters(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; i++) text += char('a' + i % 23);
  return text;
}

using Part = std::string (*)(const std::string&, size_t, size_t, uint32_t id);
std::string part4(const std::string& payload, size_t offset, size_t size, uint32_t id) {
  return ipv4Part(payload, offset, size, uint16_t(id));
}
std::string part6(const std::string& payload, size_t offset, size_t size, uint32_t id) {
  return ipv6Part(payload, offset, size, id);
}
const Part kFamilies[] = {part4, part6};

std::vector<std::string> parts(Part part, const std::string& payload, size_t size, uint32_t id = 1) {
  std::vector<std::string> all;
  for (size_t at = 0; at < payload.size(); at += size) all.push_back(part(payload, at, size, id));
  return all;
}

// Each is held but the last, which gives the datagram.
void puts(Wire& wire, const std::vector<std::string>& frames, const std::string& payload) {
  for (size_t i = 0; i + 1 < frames.size(); i++) {
    CAPTURE(i);
    REQUIRE(wire(frames[i]) == "fragment_held");
  }
  CHECK(wire(frames.back()) == payload);
  CHECK(wire.counters().heldDatagrams == 0);
  CHECK(wire.counters().heldBytes == 0);
}

}  // namespace

TEST_CASE("reassembly: in order, in reverse and shuffled, over both families") {
  std::mt19937 random(791);
  const std::string payload = letters(999);
  for (const Part part : kFamilies) {
    for (size_t size : {8, 64, 480, 1000}) {
      CAPTURE(size);
      std::vector<std::string> frames = parts(part, udp(payload), size);
      Wire wire;
      puts(wire, frames, payload);
      std::reverse(frames.begin(), frames.end());
      puts(wire, frames, payload);
      for (int turn = 0; turn < 5; turn++) {
        for (size_t i = frames.size(); i > 1; i--) std::swap(frames[i - 1], frames[random() % i]);
        puts(wire, frames, payload);
      }
      CHECK(wire.counters().completed == 7);
      CHECK(wire.segment().sourcePort == 5060);
      CHECK(wire.segment().destination.octets[wire.segment().source.family == Family::ipv4 ? 3 : 15] == 2);
    }
  }
}

TEST_CASE("reassembly: a datagram as large as IP knows, in eights from the end") {
  for (const Part part : kFamilies) {
    const std::string payload = letters(65535 - 8 - 20);
    std::vector<std::string> frames = parts(part, udp(payload), 8);
    std::reverse(frames.begin(), frames.end());
    Wire wire;
    puts(wire, frames, payload);
  }
}

TEST_CASE("reassembly: a segment of TCP is put together too") {
  const std::string payload = letters(100);
  Wire wire;
  CHECK(wire(ipv4Part(tcp(payload), 0, 64, 1, 6)) == "fragment_held");
  CHECK(wire(ipv4Part(tcp(payload), 64, 64, 1, 6)) == payload);
  CHECK(wire.segment().protocol == 6);
  CHECK(wire.segment().missing == 0);
}

TEST_CASE("reassembly: interleaved datagrams do not mix, whatever tells them apart") {
  const std::string one = udp(letters(100)), two = udp(std::string(100, '2'));
  const auto others = [&](const std::string& head, const std::string& tail) {
    Wire wire;
    CHECK(wire(ipv4Part(one, 0, 64)) == "fragment_held");
    CHECK(wire(head) == "fragment_held");
    CHECK(wire.counters().heldDatagrams == 2);
    CHECK(wire(ipv4Part(one, 64, 64)) == letters(100));
    CHECK(wire(tail) == std::string(100, '2'));
  };
  others(ipv4Part(two, 0, 64, 2), ipv4Part(two, 64, 64, 2));
  const auto from = [](std::string packet) { return packet.replace(12, 4, octets("\x0a\x00\x00\x07")); };
  others(from(ipv4Part(two, 0, 64)), from(ipv4Part(two, 64, 64)));
  const auto to = [](std::string packet) { return packet.replace(16, 4, octets("\x0a\x00\x00\x07")); };
  others(to(ipv4Part(two, 0, 64)), to(ipv4Part(two, 64, 64)));
  others(ipv6Part(two, 0, 64), ipv6Part(two, 64, 64));
  const std::string segment = tcp(std::string(100, '2'));
  others(ipv4Part(segment, 0, 64, 1, 6), ipv4Part(segment, 64, 64, 1, 6));
}

TEST_CASE("reassembly: equal datagrams of different VLANs and tunnels do not mix") {
  const std::string one = udp(letters(100)), two = udp(std::string(100, '2'));
  const std::string a = ipv4Part(one, 0, 64), b = ipv4Part(one, 64, 64);
  const std::string c = ipv4Part(two, 0, 64), d = ipv4Part(two, 64, 64);
  const auto plain = [](const std::string& ip) { return ethernet(ip); };
  const auto tagged = [](const std::string& ip) { return ethernet(vlan(5, ip), 0x8100); };
  const auto otherTag = [](const std::string& ip) { return ethernet(vlan(6, ip), 0x8100); };
  const auto tunnel = [](const std::string& ip) { return ethernet(ipv4(vxlan(1, ethernet(ip)))); };
  const auto network = [](const std::string& ip) { return ethernet(ipv4(vxlan(2, ethernet(ip)))); };
  const auto key = [](const std::string& ip) { return ethernet(ipv4(gre(ip, 0x0800, 0x2000, u32(3)), 47)); };
  const auto ipip = [](const std::string& ip) { return ethernet(ipv4(ip, 4)); };
  const auto otherHost = [](const std::string& ip) {
    return ethernet(ipv4(ip, 4).replace(12, 4, octets("\xc0\x00\x02\x07")));
  };
  using Wrap = std::string (*)(const std::string&);
  const Wrap wraps[] = {plain, tagged, otherTag, tunnel, network, key, ipip, otherHost};
  for (const Wrap first : wraps) {
    for (const Wrap second : wraps) {
      if (first == second) continue;
      Wire wire;
      CHECK(wire(first(a), 0, 1) == "fragment_held");
      CHECK(wire(second(c), 0, 1) == "fragment_held");
      CHECK(wire(first(b), 0, 1) == letters(100));
      CHECK(wire(second(d), 0, 1) == std::string(100, '2'));
    }
  }
}

TEST_CASE("reassembly: within a tunnel and around it at once") {
  const std::string inner = udp(letters(1000));
  Wire wire;
  for (size_t at : {0, 504}) {
    const std::string tunnelled = ipv4Part(inner, at, 504, 7);
    for (size_t outerAt : {256, 0}) {
      const std::string answer = wire(ipv4Part(tunnelled, outerAt, outerAt ? 1000 : 256, uint16_t(at), 4));
      CHECK(answer == (at == 504 && outerAt == 0 ? letters(1000) : "fragment_held"));
    }
  }
  CHECK(wire.counters().completed == 3);
  CHECK(wire.counters().heldDatagrams == 0);
}

TEST_CASE("reassembly: IPv6 extension headers before and behind the fragment header") {
  const std::string options = octets("\x11\x00\x01\x04\x00\x00\x00\x00");
  const std::string payload = options + udp(letters(100));
  const auto part = [&](size_t at) {
    const std::string fragment = ipv6Part(payload, at, 64, 9, 60).substr(40);
    return ipv6(octets("\x2c\x00\x01\x04\x00\x00\x00\x00") + fragment, 0);
  };
  Wire wire;
  CHECK(wire(part(64)) == "fragment_held");
  CHECK(wire(part(0)) == letters(100));
}

TEST_CASE("reassembly: IPv6 takes the next header of the first fragment, others may differ (RFC 8200)") {
  Wire wire;
  CHECK(wire(ipv6Part(udp(letters(100)), 64, 64, 1, 6)) == "fragment_held");
  CHECK(wire(ipv6Part(udp(letters(100)), 0, 64, 1, 17)) == letters(100));
  CHECK(wire.segment().protocol == 17);
}

TEST_CASE("reassembly: an atomic fragment is whole, and mixes with nothing (RFC 6946)") {
  Wire wire;
  const std::string payload = udp(letters(100));
  CHECK(wire(ipv6Part(payload, 0, 64)) == "fragment_held");
  CHECK(wire(ipv6Part(udp("atomic"), 0, 64)) == "atomic");
  CHECK(wire(ipv6Part(payload, 64, 64)) == letters(100));
}

TEST_CASE("reassembly: a fragment within a fragment is no fragment") {
  const std::string inner = ipv6Part(udp(letters(100)), 0, 64).substr(40);
  Wire wire;
  CHECK(wire(ipv6Part(inner, 0, 40, 2, 44)) == "fragment_held");
  CHECK(wire(ipv6Part(inner, 40, 40, 2, 44)) == "fragment_malformed");
}

TEST_CASE("reassembly: exact duplicates are passed over") {
  const std::string payload = udp(letters(300));
  for (const Part part : kFamilies) {
    Wire wire;
    for (size_t at : {64, 0, 128, 192}) {
      CHECK(wire(part(payload, at, 64, 1)) == "fragment_held");
      CHECK(wire(part(payload, at, 64, 1)) == "fragment_duplicate");
    }
    CHECK(wire(part(payload, 0, 64, 1)) == "fragment_duplicate");
    CHECK(wire(part(payload, 256, 64, 1)) == letters(300));
    CHECK(wire.counters().contradicted == 0);
  }
}

TEST_CASE("reassembly: octets that differ condemn the datagram, and what comes of it later") {
  const std::string payload = udp(letters(300)), other = udp(std::string(300, 'X'));
  for (const Part part : kFamilies) {
    Wire wire;
    CHECK(wire(part(payload, 0, 128, 1)) == "fragment_held");
    CHECK(wire(part(other, 64, 64, 1)) == "fragment_overlap");
    CHECK(wire.counters().contradicted == 1);
    CHECK(wire(part(payload, 0, 128, 1)) == "fragment_overlap");
    CHECK(wire(part(payload, 128, 256, 1)) == "fragment_overlap");
    CHECK(wire.counters().contradicted == 1);
    CHECK(wire.counters().completed == 0);
    CHECK(wire.counters().heldBytes < 1024);
  }
}

TEST_CASE("reassembly: equal octets may overlap in IPv4, never in IPv6 (RFC 5722)") {
  const std::string payload = udp(letters(300));
  struct {
    size_t offset, size;
  } const overlaps[] = {{0, 64}, {64, 64}, {8, 8}, {32, 64}, {56, 64}, {24, 160}, {0, 192}, {120, 72}};
  for (const auto& [offset, size] : overlaps) {
    CAPTURE(offset);
    Wire wire;
    for (size_t at : {32, 96, 160}) CHECK(wire(part4(payload, at, 32, 1)) == "fragment_held");
    const std::string answer = wire(part4(payload, offset, size, 1));
    CHECK((answer == "fragment_held" || answer == "fragment_duplicate"));
    const std::string rest = wire(part4(payload, 64, 300, 1));
    CHECK(wire(part4(payload, 0, 64, 1)) == (rest == "fragment_held" ? letters(300) : "fragment_held"));

    Wire strict;
    CHECK(strict(part6(payload, 24, 160, 1)) == "fragment_held");
    const bool apart = offset + size <= 24, same = offset == 24 && size == 160;
    const std::string expected = apart ? "fragment_held" : same ? "fragment_duplicate" : "fragment_overlap";
    CHECK(strict(part6(payload, offset, size, 1)) == expected);
  }
}

TEST_CASE("reassembly: one fragment fills every gap between others") {
  const std::string payload = udp(letters(4000));
  Wire wire;
  for (size_t at = 8; at < 3900; at += 16) CHECK(wire(part4(payload, at, 8, 1)) == "fragment_held");
  CHECK(wire(part4(payload, 0, 5000, 1)
                 .replace(6, 2, u16(0x2000))
                 .substr(0, 20 + 4000)
                 .replace(2, 2, u16(4020))) == "fragment_held");
  CHECK(wire(part4(payload, 4000, 100, 1)) == letters(4000));
}

TEST_CASE("reassembly: all must agree where the datagram ends") {
  const std::string shorter = udp(letters(92)), longer = udp(letters(192));
  for (const Part part : kFamilies) {
    const std::string last = part(shorter, 64, 64, 1);    // ends at 100
    const std::string later = part(longer, 128, 128, 1);  // ends at 200
    const std::string beyond = part(longer, 104, 64, 1);
    const std::string upTo = part(longer, 64, 40, 1);  // ends at 104, more to come
    for (const auto& [first, second] : {std::pair{last, later},
                                        {later, last},
                                        {last, beyond},
                                        {beyond, last},
                                        {upTo, last},
                                        {last, upTo}}) {
      Wire wire;
      CHECK(wire(first) == "fragment_held");
      CHECK(wire(second) == "fragment_overlap");
    }
  }
}

TEST_CASE("reassembly: fragments that cannot be") {
  const std::string payload = udp(letters(200));
  for (const Part part : kFamilies) {
    Wire wire;
    CHECK(wire(part(payload, 0, 63, 1)) == "fragment_malformed");   // no multiple of eight, and more to come
    CHECK(wire(part(payload, 208, 0, 1)) == "fragment_malformed");  // nothing
    const std::string far = part(std::string(65528 + 8, 'x'), 65528, 8, 1);
    CHECK(wire(far) == "fragment_malformed");  // ends beyond what a length can say
    CHECK(wire.counters().heldDatagrams == 0);
  }
  CHECK(Wire()(ipv4Part(payload, 64, 64).replace(2, 2, u16(0))) == "fragment_malformed");
  CHECK(Wire()(ipv6Part(payload, 64, 64).replace(4, 2, u16(0))) == "fragment_malformed");
}

TEST_CASE("reassembly: a fragment whose end the snap length cut cannot be used") {
  const std::string payload = udp(letters(200));
  for (const Part part : kFamilies) {
    const std::string frame = part(payload, 64, 64, 1);
    for (size_t size = 0; size < frame.size(); size++) {
      CAPTURE(size);
      Wire wire;
      const std::string answer = wire(frame.substr(0, size));
      const size_t headers = frame.size() - 64;
      CHECK(answer == (size < headers ? "ip_truncated" : "fragment_truncated"));
      CHECK(wire.counters().heldDatagrams == 0);
    }
  }
}

TEST_CASE("reassembly: the padding behind a short last fragment is none of it") {
  const std::string payload = udp(letters(60));
  Wire wire;
  CHECK(wire(ethernet(ipv4Part(payload, 0, 64)), 0, 1) == "fragment_held");
  CHECK(wire(ethernet(ipv4Part(payload, 64, 64)) + std::string(22, '\0'), 0, 1) == letters(60));
}
