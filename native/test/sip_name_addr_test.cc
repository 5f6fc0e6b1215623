// From, To and Contact: where the URI is, and whose parameters follow.
#include "sip/name_addr.h"

#include <doctest/doctest.h>

#include "sip/params.h"
#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

std::string uriOf(std::string_view value) {
  const GuardedBytes input = guarded(value);
  return std::string(sip::readNameAddr(input.bytes()).uri.text());
}

std::string tagOf(const std::string& value) {
  const ParsedSip parsed = withHeaders("From: " + value + "\r\nTo: " + value + "\r\n");
  CHECK(parsed[SipField::fromTag] == parsed[SipField::toTag]);
  return parsed[SipField::fromTag];
}

}  // namespace

TEST_CASE("sip name-addr: with and without display names") {
  for (const char* value : {"<sip:a@b>",
                            "Bob <sip:a@b>",
                            "Bob B. <sip:a@b>;tag=1",
                            "\"Bob\" <sip:a@b>",
                            "\"Bob\"<sip:a@b>",
                            "Bob<sip:a@b>",
                            "\"<sip:x@y>\" <sip:a@b>",
                            "\"a \\\" <sip:x@y>, ;tag=2\" <sip:a@b>",
                            "\"\\\\\" <sip:a@b>",
                            "Bell, Alexander <sip:a@b>",
                            "Bell; Alexander <sip:a@b>",
                            "Bob \"x < y\" B <sip:a@b>",
                            "< sip:a@b >",
                            "sip:a@b",
                            "sip:a@b;tag=1",
                            "sip:a@b ;tag=1",
                            "sip:a@b, sip:c@d",
                            "Bob: <sip:a@b>",
                            "sip:x@y <sip:a@b>",
                            "\"unclosed <sip:a@b>",
                            "\xe2\x82\xac <sip:a@b>",
                            "<sip:a@b",
                            "<sip:a@b ;tag=1",
                            "<sip:a@b>garbage"})
    CHECK_MESSAGE(uriOf(value) == "sip:a@b", value);
}

TEST_CASE("sip name-addr: no URI") {
  for (const char* value : {"", "*", "Bob", "\"<sip:a@b>\"", "\"Bob\"", ":", "<>", "<", "\"", ":x", "a b:c"})
    CHECK_MESSAGE(uriOf(value) == "", value);
}

// RFC 3261 section 20.10: without angle brackets parameters are the header's, within them the URI's.
TEST_CASE("sip name-addr: whose parameters they are") {
  CHECK(uriOf("sip:a@b;user=phone") == "sip:a@b");
  CHECK(uriOf("<sip:a@b;user=phone>") == "sip:a@b;user=phone");
  CHECK(uriOf("<sip:a;x=\"1\"@b>") == "sip:a;x=\"1\"@b");
}

TEST_CASE("sip tag: wherever it stands among the parameters of the header") {
  CHECK(tagOf("<sip:a@b>;tag=17") == "17");
  CHECK(tagOf("<sip:a@b> ; TAG \t= 17 ") == "17");
  CHECK(tagOf("<sip:a@b>;x=1;y;tag=17;z=2") == "17");
  CHECK(tagOf("sip:a@b;tag=17") == "17");
  CHECK(tagOf("sip:a@b ; tag=17") == "17");
  CHECK(tagOf("<sip:a@b>;;;tag=17;;") == "17");
  CHECK(tagOf("<sip:a@b>;x=\";tag=no\";tag=17") == "17");
  CHECK(tagOf("<sip:a@b>;x=\"\\\";tag=no\";tag=17") == "17");
  CHECK(tagOf("<sip:a@b>;tag=17;tag=18") == "17");
  CHECK(tagOf("<sip:a@b>;tag=\"17\"") == "17");
  CHECK(tagOf("<sip:a@b>;tag=a:b@[c]") == "a:b@[c]");
  CHECK(tagOf("<sip:a@b>garbage;tag=17") == "17");
}

TEST_CASE("sip tag: never from the URI, a quoted text, a longer name or a later value") {
  for (const char* value :
       {"<sip:a@b;tag=no>", "<sip:a;tag=no@b>", "\";tag=no\" <sip:a@b>", "<sip:a@b>;x=\";tag=no\"",
        "<sip:a@b>;tags=no", "<sip:a@b>;xtag=no", "<sip:a@b>;tag", "<sip:a@b>;tag=", "<sip:a@b>;tag=;x=no",
        "<sip:a@b>, <sip:c@d>;tag=no", "<sip:a@b>;x=\";tag=no", "<sip:a@b;tag=no", "<sip:a@b>;tag:no",
        "<sip:a@b>;tag%=no", ";tag=no"})
    CHECK_MESSAGE(tagOf(value) == "", value);
}

TEST_CASE("sip params: what follows the comma") {
  const auto after = [](std::string_view params) {
    const GuardedBytes input = guarded(params);
    return std::string(sip::afterComma(input.bytes()).text());
  };
  CHECK(after(";q=1 , <sip:c@d>") == "<sip:c@d>");
  CHECK(after(";x=\",\", c") == "c");
  CHECK(after(";x=1") == "");
  CHECK(after(";x=\", c") == "");
  CHECK(after(",") == "");
}
