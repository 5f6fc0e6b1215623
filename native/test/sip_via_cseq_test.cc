// Via and CSeq: the branch of the first value, the method after the number.
#include <doctest/doctest.h>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

std::string branchOf(const std::string& value) {
  const ParsedSip parsed = withHeaders("Via: " + value + "\r\n");
  CHECK(parsed[SipField::via] == value);
  return parsed[SipField::viaBranch];
}

std::string methodOf(const std::string& value) {
  return withHeaders("CSeq: " + value + "\r\n")[SipField::cseqMethod];
}

}  // namespace

TEST_CASE("sip via: the branch") {
  CHECK(branchOf("SIP/2.0/UDP a.example;branch=z9hG4bK1") == "z9hG4bK1");
  CHECK(branchOf("SIP/2.0/UDP a.example:5060;rport;Branch = z9hG4bK1 ;received=192.0.2.1") == "z9hG4bK1");
  CHECK(branchOf("SIP / 2.0 / UDP\r\n a.example\r\n ;branch=\r\n z9hG4bK1") == "z9hG4bK1");
  CHECK(branchOf("SIP/2.0/TCP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bK1") == "z9hG4bK1");
  CHECK(branchOf("SIP/2.0/UDP a.example;branch=z9hG4bK1,SIP/2.0/UDP b.example;branch=z9hG4bK2") ==
        "z9hG4bK1");
}

TEST_CASE("sip via: no branch but the first value's own") {
  CHECK(branchOf("SIP/2.0/UDP a.example, SIP/2.0/UDP b.example;branch=z9hG4bK2") == "");
  CHECK(branchOf("SIP/2.0/UDP a.example;branch") == "");
  CHECK(branchOf("SIP/2.0/UDP a.example;x=\";branch=no\"") == "");
  CHECK(branchOf("SIP/2.0/UDP a.example;branches=no;x-branch=no") == "");
  CHECK(branchOf("SIP/2.0/UDP branch=no") == "");
}

TEST_CASE("sip via: the comma in a quoted parameter ends nothing") {
  CHECK(branchOf("SIP/2.0/UDP a.example;x=\"a,b\";branch=z9hG4bK1") == "z9hG4bK1");
}

TEST_CASE("sip via: the first header field counts") {
  const ParsedSip two = withHeaders("v: SIP/2.0/UDP a\r\nVia: SIP/2.0/UDP b;branch=no\r\n");
  CHECK(two[SipField::via] == "SIP/2.0/UDP a");
  CHECK(two[SipField::viaBranch] == "");
}

TEST_CASE("sip cseq: the method follows the number, which may be anything") {
  CHECK(methodOf("1 INVITE") == "INVITE");
  CHECK(methodOf("0009\r\n \tINVITE") == "INVITE");
  CHECK(methodOf("36893488147419103232 REGISTER") == "REGISTER");
  CHECK(methodOf("7 x-%!*_+`'~.M") == "x-%!*_+`'~.M");
  CHECK(methodOf("7") == "");
  CHECK(methodOf("") == "");
  CHECK(methodOf("INVITE") == "INVITE");
  CHECK(methodOf("1 (INVITE)") == "");
}
