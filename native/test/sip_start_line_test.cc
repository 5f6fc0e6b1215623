// The first line: what is a request, what is a reply, and what is neither.
#include "sip/start_line.h"

#include <doctest/doctest.h>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Start {
  GuardedBytes input;
  sip::StartLine line;
  explicit Start(std::string_view text) : input(text), line(sip::readStartLine(input.bytes())) {}
  std::string method() const { return std::string(line.method.text()); }
  std::string ruri() const { return std::string(line.ruri.text()); }
  std::string reason() const { return std::string(line.reason.text()); }
};

bool looksSip(std::string_view text) { return looksLikeSip(guarded(text).bytes()); }

}  // namespace

TEST_CASE("sip start line: requests") {
  for (const char* text :
       {"INVITE sip:a@b SIP/2.0", "INVITE  sip:a@b\t SIP/2.0", "INVITE sip:a@b SIP/2.0 \t ",
        "INVITE sip:a@b sip/2.0", "INVITE sip:a@b SIP/7.0", "INVITE sip:a@b SIP/12.34"}) {
    const Start start(text);
    CHECK_MESSAGE(start.line.kind == kSipRequest, text);
    CHECK(start.method() == "INVITE");
    CHECK(start.ruri() == "sip:a@b");
    CHECK(start.line.status == 0);
  }
  CHECK(Start("x-%!*_+`'~.M sip:a@b SIP/2.0").method() == "x-%!*_+`'~.M");
  CHECK(Start("INVITE sip:a b@c SIP/2.0 SIP/2.0").ruri() == "sip:a b@c SIP/2.0");
}

TEST_CASE("sip start line: replies") {
  const Start ok("SIP/2.0 200 OK");
  CHECK(ok.line.kind == kSipReply);
  CHECK(ok.line.status == 200);
  CHECK(ok.method() == "200");
  CHECK(ok.reason() == "OK");
  CHECK(ok.ruri() == "");
  CHECK(Start("SIP/2.0 200").line.kind == kSipReply);
  CHECK(Start("SIP/2.0 200 ").reason() == "");
  CHECK(Start("sip/2.0\t404  Not  Found ").reason() == "Not  Found");
  CHECK(Start("SIP/2.0 486 Besetzt \xc3\xbc").reason() == "Besetzt \xc3\xbc");
  CHECK(Start("SIP/2.0 000 Odd").line.status == 0);
  CHECK(Start("SIP/2.0 000 Odd").line.kind == kSipReply);
  CHECK(Start("SIP/2.0 999").line.status == 999);
}

TEST_CASE("sip start line: neither") {
  for (const char* text : {"",
                           " ",
                           "SIP/2.0",
                           "SIP/2.0 ",
                           "SIP/2.0 20 Short",
                           "SIP/2.0 2000 Long",
                           "SIP/2.0 2x0 Odd",
                           "SIP/2.0200 OK",
                           "SIP/2 200 OK",
                           "SIP/.0 200 OK",
                           "SIP/2. 200 OK",
                           "SIP/2.0x 200 OK",
                           "SIP-2.0 200 OK",
                           "INVITE",
                           "INVITE sip:a@b",
                           "INVITE sip:a@b SIP",
                           "INVITE sip:a@b SIP/",
                           "INVITE sip:a@b SIP/2",
                           "INVITE sip:a@b SIP/2.",
                           "INVITE sip:a@b SIP/2.0x",
                           "INVITE sip:a@bSIP/2.0",
                           "INVITE SIP/2.0",
                           "INVITE  SIP/2.0",
                           " INVITE sip:a@b SIP/2.0",
                           "INV(ITE sip:a@b SIP/2.0",
                           "GET / HTTP/1.1",
                           "HTTP/1.1 200 OK",
                           "From: <sip:a@b>",
                           "\x80\x08\x1f\x2e SIP/2.0"}) {
    const Start start(text);
    CHECK_MESSAGE(start.line.kind == kSipUnreadable, text);
    CHECK(start.method() == "");
    CHECK(start.ruri() == "");
  }
}

TEST_CASE("sip start line: looksLikeSip looks at the first line and at nothing else") {
  CHECK(looksSip("OPTIONS sip:a@b SIP/2.0\r\n\r\n"));
  CHECK(looksSip("OPTIONS sip:a@b SIP/2.0"));
  CHECK(looksSip("OPTIONS sip:a@b SIP/2.0\nanything"));
  CHECK(looksSip("\r\n\r\n\nSIP/2.0 200 OK\r\n"));
  CHECK(looksSip("SIP/2.0 200\r\n"));
  CHECK_FALSE(looksSip(""));
  CHECK_FALSE(looksSip("\r\n\r\n"));
  CHECK_FALSE(looksSip("OPTIONS sip:a@b\r\n SIP/2.0\r\n"));
  CHECK_FALSE(looksSip("GET / HTTP/1.1\r\nX: a SIP/2.0\r\n"));
  CHECK_FALSE(looksSip("{\"sip\": \"INVITE sip:a@b SIP/2.0\"}"));
  CHECK_FALSE(looksSip(std::string(70000, 'A')));
}

TEST_CASE("sip message: the parts of the Request-URI, and none for a reply") {
  const ParsedSip request("INVITE sips:a%40x:secret@[2001:db8::1]:5061;lr?Subject=x SIP/2.0\r\n\r\n");
  CHECK(request[SipField::ruri] == "sips:a%40x:secret@[2001:db8::1]:5061;lr?Subject=x");
  CHECK(request[SipField::ruriUser] == "a%40x");
  CHECK(request[SipField::ruriDomain] == "2001:db8::1");
  const ParsedSip reply("SIP/2.0 302 Moved\r\n\r\n");
  CHECK(reply[SipField::ruri] == "");
  CHECK(reply[SipField::ruriDomain] == "");
}

// RFC 3261 section 7.5: empty lines before the start line are keep-alives of the connection.
TEST_CASE("sip message: leading line ends are passed") {
  const ParsedSip late("\r\n\r\nOPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1@a\r\n\r\n");
  CHECK(late[SipField::method] == "OPTIONS");
  CHECK(late[SipField::callId] == "1@a");
}
