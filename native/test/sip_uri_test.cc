// URIs: which part is the user, which the host, and what is not read at all.
#include "sip/uri.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace hepcapd;

namespace {

struct Case {
  const char* text;
  const char* user;
  const char* host;
  unsigned port;
};

void check(const Case& c) {
  const GuardedBytes input = guarded(c.text);
  const sip::Uri uri = sip::readUri(input.bytes());
  CHECK_MESSAGE(uri.user.text() == c.user, c.text);
  CHECK_MESSAGE(uri.host.text() == c.host, c.text);
  CHECK_MESSAGE(uri.port == c.port, c.text);
  CHECK(uri.readable() == (c.user[0] != 0 || c.host[0] != 0));
}

}  // namespace

TEST_CASE("sip uri: sip and sips") {
  for (const Case& c : {Case{"sip:alice@example.com", "alice", "example.com", 0},
                        {"SIPS:alice@example.com:5061", "alice", "example.com", 5061},
                        {"sIp:example.com", "", "example.com", 0},
                        {"sip:example.com:5070;lr", "", "example.com", 5070},
                        {"sip:example.com;transport=tcp?Subject=x", "", "example.com", 0},
                        {"sip:alice:secret@example.com:5060;user=phone", "alice", "example.com", 5060},
                        {"sip:alice;day=tuesday@example.com", "alice;day=tuesday", "example.com", 0},
                        {"sip:a?b/c,d&e=f+g$h@example.com?to=x", "a?b/c,d&e=f+g$h", "example.com", 0},
                        {"sip:a%40b@example.com", "a%40b", "example.com", 0},
                        {"sip:@example.com", "", "example.com", 0},
                        {"sip:alice@", "alice", "", 0},
                        {"sip:", "", "", 0},
                        {"sip:alice@192.0.2.4:5062", "alice", "192.0.2.4", 5062}})
    check(c);
}

TEST_CASE("sip uri: an e-mail address for a user name") {
  check({"sip:joe@mail.example@sip.example.com:5070;lr", "joe@mail.example", "sip.example.com", 5070});
  check({"sip:joe@example.com;x=a@b", "joe", "example.com", 0});
  check({"sip:joe@example.com?x=a@b", "joe", "example.com", 0});
}

TEST_CASE("sip uri: IPv6 references lose their brackets") {
  check({"sip:[2001:db8::10]", "", "2001:db8::10", 0});
  check({"sip:bob@[2001:db8::10]:5070;lr", "bob", "2001:db8::10", 5070});
  check({"sip:bob@[::ffff:192.0.2.4]", "bob", "::ffff:192.0.2.4", 0});
  check({"sip:bob@[2001:db8::10:5070]", "bob", "2001:db8::10:5070", 0});
  check({"sip:bob@[2001:db8::10;lr", "bob", "2001:db8::10", 0});
  check({"sip:bob@2001:db8::10", "bob", "2001:db8::10", 0});
  check({"sip:bob@::1;lr", "bob", "::1", 0});
}

TEST_CASE("sip uri: what is no port is none") {
  for (const char* port : {"", "x", "0", "65536", "99999", "123456", "5060x", "-1", "50 60x"}) {
    const std::string text = "sip:a@b.example:" + std::string(port);
    const GuardedBytes input = guarded(text);
    const sip::Uri uri = sip::readUri(input.bytes());
    CHECK(uri.host.text() == "b.example");
    CHECK_MESSAGE(uri.port == (port == std::string("50 60x") ? 50 : 0), text);
  }
  check({"sip:a@b:65535", "a", "b", 65535});
  check({"sip:a@b:05060", "a", "b", 5060});
}

TEST_CASE("sip uri: telephone numbers") {
  check({"tel:+1-201-555-0123", "+1-201-555-0123", "", 0});
  check({"TEL:7042;phone-context=example.com", "7042", "", 0});
  check({"tel:", "", "", 0});
}

TEST_CASE("sip uri: services are told apart by their names") {
  check({"urn:service:sos", "", "sos", 0});
  check({"URN:Service:sos.fire", "", "sos.fire", 0});
  check({"urn:nena:service:responder.police", "", "responder.police", 0});
  check({"urn:uuid:f81d4fae-7dec-11d0", "", "uuid:f81d4fae-7dec-11d0", 0});
  check({"urn:nena:other", "", "nena:other", 0});
  check({"urn:services:x", "", "services:x", 0});
  check({"urn:", "", "", 0});
}

TEST_CASE("sip uri: other schemes where they name a host") {
  check({"mailto:bob@example.com", "bob", "example.com", 0});
  check({"im:bob@example.com", "bob", "example.com", 0});
  check({"http://www.example.com:8080/path@x?q", "", "www.example.com", 8080});
  check({"http://joe:pw@www.example.com/", "joe", "www.example.com", 0});
  check({"isbn:2983792873", "", "", 0});
  check({"nobodyKnowsThis:opaque", "", "", 0});
}

TEST_CASE("sip uri: no scheme, no URI") {
  for (const char* text :
       {"", ":", "bob@example.com", "example.com", "s p:a@b", ":sip:a@b", "*", "sip", "\x1aip:a@b"})
    check({text, "", "", 0});
}
