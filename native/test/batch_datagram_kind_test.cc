// What a datagram is, on a port for SIP and HEP.
#include "batch/datagram_kind.h"

#include <doctest/doctest.h>

#include "guarded.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

DatagramKind kind(std::string_view datagram) { return kindOf(guarded(datagram).bytes()); }

// A STUN message of this type, with as many octets of attributes.
std::string stun(uint16_t type, size_t attributes) {
  return u16(type) + u16(uint16_t(attributes)) + std::string("\x21\x12\xa4\x42", 4) + std::string(12, 'i') +
         std::string(attributes, '\x01');
}

}  // namespace

TEST_CASE("datagram kind: SIP by its first line, behind line ends too") {
  CHECK(kind(kOptions) == DatagramKind::sip);
  CHECK(kind("\r\n\r\n" + kOptions) == DatagramKind::sip);
  CHECK(kind("SIP/2.0 200 OK\r\n") == DatagramKind::sip);
}

TEST_CASE("datagram kind: HEP by its magic, whatever is in it, or by a whole header of version 1 or 2") {
  CHECK(kind("HEP3") == DatagramKind::hep);
  CHECK(kind("EEP3 and rubbish") == DatagramKind::hep);
  CHECK(kind(kV1) == DatagramKind::hep);
  CHECK(kind(kV2) == DatagramKind::hep);
  CHECK(kind(kV2Ipv6) == DatagramKind::hep);
  CHECK(kind(kV3) == DatagramKind::hep);
  CHECK(kind(kV1.substr(0, 16)) == DatagramKind::hep);
}

TEST_CASE("datagram kind: what only begins like HEP is something else") {
  CHECK(kind("HEP") == DatagramKind::other);
  CHECK(kind("HEP2 is none") == DatagramKind::other);
  CHECK(kind(kV1.substr(0, 15)) == DatagramKind::other);
  CHECK(kind(kV2.substr(0, 27)) == DatagramKind::other);
  CHECK(kind(hex("01 10 07 11 13 c4 13 d8 0a 00 00 01 0a 00 00 02")) == DatagramKind::other);
  CHECK(kind("\x01") == DatagramKind::other);
}

TEST_CASE("datagram kind: keep-alives have nothing in them") {
  for (const std::string probe : {"", "\r\n\r\n", "\r\n", "\n", " ", "\t\r\n"}) {
    CHECK(kind(probe) == DatagramKind::keepAlive);
  }
  CHECK(kind(std::string(4, '\0')) == DatagramKind::keepAlive);
  CHECK(kind("\r\n.") == DatagramKind::other);
}

TEST_CASE("datagram kind: STUN has its cookie and tells its length") {
  CHECK(kind(stun(0x0001, 0)) == DatagramKind::stun);
  CHECK(kind(stun(0x0101, 12)) == DatagramKind::stun);
  CHECK(kind(stun(0x0001, 512)) == DatagramKind::stun);  // the length's octet reads as a family
  CHECK(kind(stun(0x0001, 8).substr(0, 24)) == DatagramKind::other);
  CHECK(kind(stun(0x0001, 0).substr(0, 19)) == DatagramKind::other);
  CHECK(kind(stun(0x4001, 0)) == DatagramKind::other);
}

TEST_CASE("datagram kind: everything else") {
  for (const std::string rest : {"GET / HTTP/1.1\r\n\r\n", "{}", "\x80\xc8", "x"}) {
    CHECK(kind(rest) == DatagramKind::other);
  }
  CHECK(kind(std::string(65507, 'A')) == DatagramKind::other);
}
