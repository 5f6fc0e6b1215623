// Messages after the cases of RFC 5118 (IPv6), in our own words: an address is a host without its brackets,
// and a port is one only behind them.
#include <doctest/doctest.h>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

TEST_CASE("sip torture 5118 4.1: IPv6 references in every place") {
  const ParsedSip parsed(
      "REGISTER sip:[2001:db8::10] SIP/2.0\r\nTo: sip:joe@example.org\r\nFrom: "
      "sip:joe@[2001:db8::11];tag=81\r\n"
      "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKv6\r\nContact: \"Joe\" "
      "<sip:joe@[2001:db8::1]>\r\n\r\n");
  CHECK(parsed[SipField::ruriUser] == "");
  CHECK(parsed[SipField::ruriDomain] == "2001:db8::10");
  CHECK(parsed[SipField::fromDomain] == "2001:db8::11");
  CHECK(parsed[SipField::fromTag] == "81");
  CHECK(parsed[SipField::viaBranch] == "z9hG4bKv6");
  CHECK(parsed[SipField::contactHost] == "2001:db8::1");
}

// Invalid, and still not a host called 2001 at port db8.
TEST_CASE("sip torture 5118 4.2: an IPv6 address without its brackets") {
  CHECK(options("sip:2001:db8::10")[SipField::ruriDomain] == "2001:db8::10");
}

TEST_CASE("sip torture 5118 4.3 and 4.4: what looks like a port is one only behind the brackets") {
  const ParsedSip inside = withHeaders("Contact: <sip:joe@[2001:db8::10:5070]>\r\n");
  CHECK(inside[SipField::contactHost] == "2001:db8::10:5070");
  CHECK(inside.sip.contactPort == 0);
  const ParsedSip outside = withHeaders("Contact: <sip:joe@[2001:db8::10]:5070>\r\n");
  CHECK(outside[SipField::contactHost] == "2001:db8::10");
  CHECK(outside.sip.contactPort == 5070);
}

TEST_CASE("sip torture 5118 4.5: received with and without brackets") {
  for (const char* received : {"[2001:db8::9:255]", "2001:db8::9:255"}) {
    const ParsedSip parsed = withHeaders(
        "Via: SIP/2.0/UDP [2001:db8::9:1];received=" + std::string(received) + ";branch=z9hG4bKas3\r\n");
    CHECK(parsed[SipField::viaBranch] == "z9hG4bKas3");
  }
}

TEST_CASE("sip torture 5118 4.6 and 4.8: IPv6 addresses in the body stay there") {
  const std::string body =
      "v=0\r\no=a 1 1 IN IP6 2001:db8::20\r\nc=IN IP4 192.0.2.30\r\nFrom: <sip:no@x>\r\n";
  const ParsedSip parsed("INVITE sip:joe@[2001:db8::10] SIP/2.0\r\n" + kRest + "\r\n" + body);
  CHECK(parsed[SipField::body] == body);
  CHECK(parsed[SipField::fromUser] == "from");
}

TEST_CASE("sip torture 5118 4.7: both address families in one list of Vias") {
  const ParsedSip parsed = withHeaders(
      "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKsix, SIP/2.0/UDP "
      "192.0.2.1;branch=z9hG4bKfour\r\n");
  CHECK(parsed[SipField::viaBranch] == "z9hG4bKsix");
}

TEST_CASE("sip torture 5118 4.9: IPv4-mapped addresses") {
  const ParsedSip parsed = withHeaders("Contact: \"Jo\" <sip:jo@[::ffff:192.0.2.10]:5062>\r\n");
  CHECK(parsed[SipField::contactHost] == "::ffff:192.0.2.10");
  CHECK(parsed.sip.contactPort == 5062);
}

// The grammar once allowed three colons in a row: whatever stands in the brackets is the host.
TEST_CASE("sip torture 5118 4.10: three colons in a reference") {
  CHECK(options("sip:joe@[2001:db8:::192.0.2.1]")[SipField::ruriDomain] == "2001:db8:::192.0.2.1");
}
