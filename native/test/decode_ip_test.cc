// IPv4 and IPv6: lengths that lie, options, extension headers, fragments, and packets cut anywhere.
#include <doctest/doctest.h>

#include "decode/ip.h"
#include "frames.h"
#include "guarded.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Decoded {
  GuardedBytes input;
  IpPacket packet;
  Refusal refusal;
  explicit Decoded(const std::string& ip) : input(ip) { refusal = decodeIp(input.bytes(), packet); }
};

std::string withTotal(std::string ip, uint16_t total) { return ip.replace(2, 2, u16(total)); }
std::string withPayloadLength(std::string ip, uint16_t length) { return ip.replace(4, 2, u16(length)); }
// An extension header of 8 * (1 + more) octets.
std::string extension(uint8_t next, uint8_t more = 0) {
  return std::string(1, char(next)) + char(more) + std::string(6 + 8u * more, '\0');
}

}  // namespace

TEST_CASE("ipv4: addresses, protocol and payload") {
  const Decoded ip(ipv4("payload", 6));
  REQUIRE(ip.refusal == Refusal::none);
  const uint8_t from[] = {10, 0, 0, 1}, to[] = {10, 0, 0, 2};
  CHECK(ip.packet.source == Address::ipv4(from));
  CHECK(ip.packet.destination == Address::ipv4(to));
  CHECK(ip.packet.protocol == 6);
  CHECK(ip.packet.payload.text() == "payload");
  CHECK(ip.packet.missing == 0);
  CHECK_FALSE(ip.packet.fragmented);
  CHECK_FALSE(ip.packet.sizeless);
}

TEST_CASE("ipv4: options are part of the header") {
  std::string ip = ipv4(octets("\x94\x04\x00\x00") + "payload");  // router alert
  ip[0] = '\x46';
  CHECK(Decoded(ip).packet.payload.text() == "payload");
}

TEST_CASE("ipv4: the padding of short Ethernet frames is cut off") {
  CHECK(Decoded(ipv4("payload") + std::string(19, '\0')).packet.payload.text() == "payload");
}

TEST_CASE("ipv4: a total length of 0 is what segmentation offload leaves; the frame's length counts") {
  const Decoded ip(withTotal(ipv4("payload"), 0));
  CHECK(ip.refusal == Refusal::none);
  CHECK(ip.packet.sizeless);
  CHECK(ip.packet.payload.text() == "payload");
}

TEST_CASE("ipv4: less captured than announced is told") {
  const Decoded ip(withTotal(ipv4("payload"), 1500));
  CHECK(ip.refusal == Refusal::none);
  CHECK(ip.packet.missing == 1500 - 27);
  CHECK(ip.packet.payload.text() == "payload");
}

TEST_CASE("ipv4: headers that cannot be") {
  std::string shortHeader = ipv4("payload");
  shortHeader[0] = '\x44';
  CHECK(Decoded(shortHeader).refusal == Refusal::ipMalformed);
  CHECK(Decoded(withTotal(ipv4("payload"), 19)).refusal == Refusal::ipMalformed);
  std::string longHeader = ipv4("");
  longHeader[0] = '\x4f';
  CHECK(Decoded(withTotal(longHeader, 60)).refusal == Refusal::ipTruncated);
  CHECK(Decoded(std::string(40, '\x50')).refusal == Refusal::ipMalformed);
}

TEST_CASE("ipv4: a fragment knows its place, the first one too; don't-fragment is none") {
  struct {
    uint16_t field;
    uint32_t offset;
    bool more;
  } const cases[] = {{0x2000, 0, true}, {0x2001, 8, true}, {0x0001, 8, false}, {0x1fff, 65528, false}};
  for (const auto& [field, offset, more] : cases) {
    CAPTURE(field);
    const Decoded ip(ipv4("payload", 17, field));
    CHECK(ip.refusal == Refusal::none);
    CHECK(ip.packet.fragmented);
    CHECK(ip.packet.place.id == 1);
    CHECK(ip.packet.place.offset == offset);
    CHECK(ip.packet.place.more == more);
    CHECK(ip.packet.payload.text() == "payload");
  }
  CHECK_FALSE(Decoded(ipv4("payload", 17, 0x4000)).packet.fragmented);
}

TEST_CASE("ipv4: an authentication header is passed over, what only IPv6 has is not") {
  const std::string authentication = octets("\x11\x01") + std::string(10, '\0');
  const Decoded ip(ipv4(authentication + "payload", 51));
  CHECK(ip.packet.protocol == 17);
  CHECK(ip.packet.payload.text() == "payload");
  CHECK(Decoded(ipv4(authentication.substr(0, 9), 51)).refusal == Refusal::ipTruncated);
  CHECK(Decoded(ipv4(extension(17), 60)).packet.protocol == 60);
}

TEST_CASE("ip: cut anywhere in the header") {
  for (const std::string& ip : {ipv4(""), ipv6(""), ipv6(extension(17, 2), 0)}) {
    for (size_t size = 0; size < ip.size(); size++) {
      CAPTURE(size);
      CHECK(Decoded(ip.substr(0, size)).refusal == Refusal::ipTruncated);
    }
    CHECK(Decoded(ip).refusal == Refusal::none);
  }
}

TEST_CASE("ipv6: addresses, next header and payload, without padding") {
  const Decoded ip(ipv6("payload", 58) + "padding");
  REQUIRE(ip.refusal == Refusal::none);
  CHECK(ip.packet.source.family == Family::ipv6);
  CHECK(ip.packet.source.octets[0] == 0x20);
  CHECK(ip.packet.source.octets[15] == 1);
  CHECK(ip.packet.destination.octets[15] == 2);
  CHECK(ip.packet.protocol == 58);
  CHECK(ip.packet.payload.text() == "payload");
}

TEST_CASE("ipv6: every extension header is walked by its own length") {
  const std::string authentication = octets("\x11\x04") + std::string(22, '\0');  // (4 + 2) * 4
  const std::string chain = extension(60) + extension(43, 1) + extension(135, 3) + extension(139) +
                            extension(140) + extension(51) + authentication + "payload";
  const Decoded ip(ipv6(chain, 0));
  REQUIRE(ip.refusal == Refusal::none);
  CHECK(ip.packet.protocol == 17);
  CHECK(ip.packet.payload.text() == "payload");
}

TEST_CASE("ipv6: an extension header may not leave the packet, whatever follows in the frame") {
  const std::string ip = ipv6(extension(17, 9).substr(0, 8), 60);
  CHECK(Decoded(ip).refusal == Refusal::ipTruncated);
  CHECK(Decoded(ip + std::string(200, 'x')).refusal == Refusal::ipTruncated);
}

TEST_CASE("ipv6: a fragment header of a whole packet is no fragment (RFC 6946)") {
  const std::string head = octets("\x11\x00");
  const Decoded atomic(ipv6(head + u16(0) + u32(7) + "payload", 44));
  CHECK(atomic.packet.payload.text() == "payload");
  CHECK_FALSE(atomic.packet.fragmented);
  const Decoded first(ipv6(head + u16(1) + u32(7) + "payload", 44));
  CHECK(first.packet.fragmented);
  CHECK(first.packet.place.more);
  const Decoded last(ipv6(extension(44) + head + u16(8) + u32(0x12345678) + "payload", 0));
  CHECK(last.packet.fragmented);
  CHECK(last.packet.place.id == 0x12345678);
  CHECK(last.packet.place.offset == 8);
  CHECK_FALSE(last.packet.place.more);
  CHECK(last.packet.protocol == 17);
  CHECK(last.packet.payload.text() == "payload");
}

TEST_CASE("ipv6: a payload length of 0 is a jumbogram; the frame's length counts") {
  const Decoded ip(withPayloadLength(ipv6("payload"), 0));
  CHECK(ip.packet.sizeless);
  CHECK(ip.packet.payload.text() == "payload");
}

TEST_CASE("ip: a header that agrees with its octets can be told from one that does not") {
  const std::string v6 = ipv6("payload");
  for (const std::string& ip : {ipv4("payload"), v6}) {
    CHECK(readsAsIp(Bytes(ip)));
    CHECK(readsAsIp(Bytes(ip + "padding")));
    for (size_t size = 0; size < ip.size(); size++)
      CHECK_FALSE(readsAsIp(guarded(ip.substr(0, size)).bytes()));
  }
  CHECK_FALSE(readsAsIp(Bytes(std::string(40, 'a'))));
  CHECK_FALSE(readsAsIp(Bytes(std::string(40, '\x41'))));
  CHECK_FALSE(readsAsIp(Bytes(std::string(40, '\0'))));
}
