// Messages after the invalid cases of RFC 4475, in our own words. A capture stores what it is shown: whatever
// can be read of an invalid message must still be found.
#include <doctest/doctest.h>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

// Separators without anything between them must not send the walk over parameters astray.
TEST_CASE("sip torture 4475 3.1.2.1: extra separators") {
  const ParsedSip parsed = withHeaders(
      "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\nContact: \"Jo\" <sip:jo@example.org>;;;;\r\nFrom: "
      "<sip:a@b>;;;;tag=9;;\r\n");
  CHECK(parsed[SipField::viaBranch] == "");
  CHECK(parsed[SipField::contactUser] == "jo");
  CHECK(parsed[SipField::fromTag] == "9");
}

// Content-Length is not believed: the body is what came.
TEST_CASE("sip torture 4475 3.1.2.2 and 3.1.2.3: a Content-Length too large, or negative") {
  for (const std::string length : {"9999", "-999"}) {
    const ParsedSip parsed("INVITE sip:a@example.org SIP/2.0\r\nContent-Length: " + length + "\r\n" + kRest +
                           "\r\nv=0\r\n");
    CHECK(parsed[SipField::body] == "v=0\r\n");
    checkRest(parsed);
  }
}

// Numbers beyond any integer are text here.
TEST_CASE("sip torture 4475 3.1.2.4: overlarge numbers in a request") {
  const ParsedSip parsed = withHeaders(
      "CSeq: 36893488147419103232 REGISTER\r\nMax-Forwards: 300\r\nContact: "
      "<sip:a@example.org:4294972356>;expires=280297596632815\r\n");
  CHECK(parsed[SipField::cseq] == "36893488147419103232 REGISTER");
  CHECK(parsed[SipField::cseqMethod] == "REGISTER");
  CHECK(parsed[SipField::contactHost] == "example.org");
  CHECK(parsed.sip.contactPort == 0);
}

TEST_CASE("sip torture 4475 3.1.2.5: overlarge numbers in a reply") {
  const ParsedSip parsed(
      "SIP/2.0 503 Busy\r\nCSeq: 9292394834772304023312 OPTIONS\r\nRetry-After: "
      "949302838503028349304023988\r\n\r\n");
  CHECK(parsed.sip.status == 503);
  CHECK(parsed[SipField::cseq] == "9292394834772304023312 OPTIONS");
}

TEST_CASE("sip torture 4475 3.1.2.6: a quoted display name that nothing closes") {
  const ParsedSip parsed =
      withHeaders("To: \"Mr. Open <sip:open@example.org>\r\nFrom: <sip:f@example.org>;tag=1\r\n");
  CHECK(parsed[SipField::toUser] == "open");
  CHECK(parsed[SipField::toDomain] == "example.org");
  CHECK(parsed[SipField::fromUser] == "f");
}

TEST_CASE("sip torture 4475 3.1.2.7: a Request-URI in angle brackets") {
  const ParsedSip parsed = options("<sip:joe@example.org;lr>");
  CHECK(parsed.sip.kind == kSipRequest);
  CHECK(parsed[SipField::ruri] == "<sip:joe@example.org;lr>");
  CHECK(parsed[SipField::ruriUser] == "joe");
  CHECK(parsed[SipField::ruriDomain] == "example.org");
}

TEST_CASE("sip torture 4475 3.1.2.8: white space inside of the Request-URI") {
  const ParsedSip parsed = options("sip:joe@example.org; lr; maddr = x");
  CHECK(parsed.sip.kind == kSipRequest);
  CHECK(parsed[SipField::ruri] == "sip:joe@example.org; lr; maddr = x");
  CHECK(parsed[SipField::ruriDomain] == "example.org");
  checkRest(parsed);
}

TEST_CASE(
    "sip torture 4475 3.1.2.9 and 3.1.2.10: too many spaces around the Request-URI and after the version") {
  const ParsedSip parsed("OPTIONS  sip:joe@example.org   SIP/2.0  \r\n" + kRest + "\r\n");
  CHECK(parsed.sip.kind == kSipRequest);
  CHECK(parsed[SipField::ruri] == "sip:joe@example.org");
  CHECK(parsed[SipField::ruriUser] == "joe");
  checkRest(parsed);
}

// Headers in a Request-URI are no headers of the message.
TEST_CASE("sip torture 4475 3.1.2.11: escaped headers in the Request-URI") {
  const ParsedSip parsed = options("sip:joe@example.org?Route=%3Csip:proxy.example.org%3E&Call-ID=no");
  CHECK(parsed[SipField::ruriUser] == "joe");
  CHECK(parsed[SipField::ruriDomain] == "example.org");
  checkRest(parsed);
}

TEST_CASE("sip torture 4475 3.1.2.12: a Date in a zone of its own is nobody's concern") {
  const ParsedSip parsed = options("sip:joe@example.org", "Date: Fri, 01 Jan 2010 16:00:00 EST\r\n");
  CHECK(parsed.sip.notes == 0);
  checkRest(parsed);
}

TEST_CASE("sip torture 4475 3.1.2.13: a Contact whose ? should have been in angle brackets") {
  const ParsedSip parsed =
      withHeaders("Contact: sip:joe@example.org?Route=%3Csip:p.example.org%3E;expires=3600\r\n");
  CHECK(parsed[SipField::contactUser] == "joe");
  CHECK(parsed[SipField::contactHost] == "example.org");
}

TEST_CASE("sip torture 4475 3.1.2.14: spaces within the angle brackets") {
  const ParsedSip parsed = withHeaders("To: \"Wat, Tom\" < sip:t.wat@example.org >;tag=1\r\n");
  CHECK(parsed[SipField::toUser] == "t.wat");
  CHECK(parsed[SipField::toDomain] == "example.org");
  CHECK(parsed[SipField::toTag] == "1");
}

TEST_CASE("sip torture 4475 3.1.2.15: a comma in a display name without quotes") {
  const ParsedSip parsed = withHeaders("From: Bull, Alex <sip:a.bull@example.org>;tag=43\r\n");
  CHECK(parsed[SipField::fromUser] == "a.bull");
  CHECK(parsed[SipField::fromTag] == "43");
}

TEST_CASE("sip torture 4475 3.1.2.16: an unknown version is a version") {
  const ParsedSip parsed("OPTIONS sip:joe@example.org SIP/7.0\r\n" + kRest + "\r\n");
  CHECK(parsed.sip.kind == kSipRequest);
  CHECK(parsed[SipField::ruriUser] == "joe");
  checkRest(parsed);
}

// Both methods are stored as they came, so that the mismatch can be seen.
TEST_CASE("sip torture 4475 3.1.2.17 and 3.1.2.18: CSeq names another method") {
  const ParsedSip known("OPTIONS sip:joe@example.org SIP/2.0\r\nCSeq: 8 INVITE\r\n\r\n");
  CHECK(known[SipField::method] == "OPTIONS");
  CHECK(known[SipField::cseqMethod] == "INVITE");
  const ParsedSip unknown("NEWMETHOD sip:joe@example.org SIP/2.0\r\nCSeq: 8 INVITE\r\n\r\n");
  CHECK(unknown[SipField::method] == "NEWMETHOD");
  CHECK(unknown[SipField::cseqMethod] == "INVITE");
}

// A status beyond three digits is none, and must not wrap into one; the rest is still of use.
TEST_CASE("sip torture 4475 3.1.2.19: an overlarge response code") {
  const ParsedSip parsed("SIP/2.0 4294967496 hold tight\r\n" + kRest + "\r\n");
  CHECK(parsed.sip.kind == kSipUnreadable);
  CHECK(parsed.sip.status == 0);
  CHECK(parsed[SipField::method] == "");
  checkRest(parsed);
}
