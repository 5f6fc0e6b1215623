// Lines: every line end that is seen in the field, folds wherever they may stand, and where the body starts.
#include "sip/scanner.h"

#include <doctest/doctest.h>

#include <vector>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Cut {
  std::vector<std::string> lines;
  std::vector<bool> folded;
  std::string rest;
  bool ended = false;
};

Cut cut(std::string_view text) {
  const GuardedBytes input = guarded(text);
  sip::LineScanner scanner(input.bytes());
  Cut out;
  sip::HeaderLine line;
  while (scanner.header(line)) {
    out.lines.emplace_back(line.text.text());
    out.folded.push_back(line.folded);
  }
  out.rest = std::string(scanner.rest().text());
  out.ended = scanner.sawEmptyLine();
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("sip scanner: CRLF, bare LF, and both in one message") {
  for (const char* text : {"a: 1\r\nb: 2\r\n\r\nbody", "a: 1\nb: 2\n\nbody", "a: 1\nb: 2\r\n\nbody"}) {
    const Cut lines = cut(text);
    CHECK(lines.lines == Lines{"a: 1", "b: 2"});
    CHECK(lines.ended);
    CHECK(lines.rest == "body");
  }
}

TEST_CASE("sip scanner: a text that stops anywhere gives the lines that are there") {
  CHECK(cut("").lines.empty());
  CHECK(cut("a: 1").lines == Lines{"a: 1"});
  CHECK(cut("a: 1\r").lines == Lines{"a: 1"});
  CHECK(cut("a: 1\r\n").lines == Lines{"a: 1"});
  CHECK_FALSE(cut("a: 1\r\n").ended);
  CHECK(cut("a: 1\r\n\r\n").ended);
  CHECK(cut("a: 1\r\n b").lines == Lines{"a: 1\r\n b"});
}

TEST_CASE("sip scanner: folds belong to their header, by space or tab, once or often") {
  const Cut lines = cut("a: 1\r\n 2\r\n\t3\r\nb: 4\n 5\r\n\r\n");
  CHECK(lines.lines == Lines{"a: 1\r\n 2\r\n\t3", "b: 4\n 5"});
  CHECK(lines.folded == std::vector<bool>{true, true});
}

// RFC 3261 section 25.1: LWS may be nothing but a fold, so this line ends no header section.
TEST_CASE("sip scanner: a line of white space continues") {
  const Cut lines = cut("a: 1\r\n \t \r\nb: 2\r\n\r\n");
  CHECK(lines.lines == Lines{"a: 1\r\n \t ", "b: 2"});
  CHECK(lines.folded == std::vector<bool>{true, false});
}

TEST_CASE("sip scanner: a carriage return alone ends nothing") {
  CHECK(cut("a: 1\rb: 2\r\n\r\n").lines == Lines{"a: 1\rb: 2"});
}

TEST_CASE("sip scanner: line ends at every distance from the start and from the end") {
  for (size_t length = 1; length <= 70; length++) {
    const std::string line(length, 'x');
    const Cut lines = cut(line + "\n" + line + "\r\n\r\n" + line);
    CHECK(lines.lines == Lines{line, line});
    CHECK(lines.rest == line);
  }
}

TEST_CASE("sip scanner: a colon belongs to its line, whatever lines without one are before it") {
  const std::string text = "a\r\nb\nc: d\r\n e:f\ng\nh:i\n\n";
  sip::LineScanner lines{Bytes(std::string_view(text))};
  const auto colonOf = [&](sip::HeaderLine& line) {
    return line.colon < line.text.end() ? line.colon - line.text.begin() : -1;
  };
  std::vector<long> colons;
  for (sip::HeaderLine line; lines.header(line);) colons.push_back(long(colonOf(line)));
  CHECK(colons == std::vector<long>{-1, -1, 1, -1, 1});
  lines.returnTo(reinterpret_cast<const uint8_t*>(text.data()) + text.find("c:"));
  sip::HeaderLine again;
  REQUIRE(lines.header(again));
  CHECK(colonOf(again) == 1);
}

TEST_CASE("sip message: folds are noted only where a span keeps them") {
  CHECK(withHeaders("Subject: a\r\n b\r\n").sip.notes == 0);
  CHECK(withHeaders("Call-ID:\r\n 1@a\r\n").sip.notes == 0);
  CHECK(withHeaders("User-Agent: a\r\n b\r\n").sip.notes == kSipFolded);
  CHECK(withHeaders("Call-ID:\r\n 1@a\r\n \r\n")[SipField::callId] == "1@a");
}

TEST_CASE("sip message: a folded From") {
  const ParsedSip folded =
      withHeaders("From\t:\r\n \"Al\r\n ice\"\r\n\t<sip:alice@a.example>\r\n ;\r\n tag\r\n =\r\n 17\r\n");
  CHECK(folded[SipField::fromUser] == "alice");
  CHECK(folded[SipField::fromDomain] == "a.example");
  CHECK(folded[SipField::fromTag] == "17");
  CHECK(folded.sip.notes == 0);
}
