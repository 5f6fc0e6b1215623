// UTF-8 by RFC 3629, replaced as browsers do, at every alignment.
#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace hepcapd;

namespace {

std::string cleaned(std::string_view text) {
  std::string out(text.size() * 3, '\0');
  out.resize(cleanUtf8(guarded(text).bytes(), reinterpret_cast<uint8_t*>(out.data())));
  return out;
}
const std::string kBad = "\xef\xbf\xbd";

}  // namespace

TEST_CASE("well-formed text of every length of character is clean, wherever the eight-octet steps fall") {
  for (const std::string character : {"a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                      "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    for (size_t before = 0; before < 17; before++) {
      const std::string text = std::string(before, 'x') + character + std::string(17 - before, 'y');
      CHECK(isCleanUtf8(guarded(text).bytes()));
      CHECK(cleaned(text) == text);
    }
  }
}

TEST_CASE("NUL, stray and overlong octets, surrogates and cut characters are not clean") {
  struct Case {
    std::string text;
    std::string clean;
  };
  const Case cases[] = {
      {std::string("a\0b", 3), "a" + kBad + "b"},
      {"\x80", kBad},
      {"\xc0\xaf", kBad + kBad},             // overlong slash
      {"\xed\xa0\x80", kBad + kBad + kBad},  // a surrogate
      {"\xf5\x80", kBad + kBad},
      {"\xe2\x82", kBad},  // one maximal part
      {"\xe2\x82\xe2\x82\xac", kBad + "\xe2\x82\xac"},
      {"\xf0\x9f\x98x", kBad + "x"},
  };
  for (const Case& one : cases) {
    CHECK_FALSE(isCleanUtf8(guarded(one.text).bytes()));
    CHECK_FALSE(isCleanUtf8(guarded("12345678" + one.text + "12345678").bytes()));
    CHECK(cleaned(one.text) == one.clean);
  }
}

TEST_CASE("a cut never splits a character") {
  const std::string text = "ab\xe2\x82\xac";
  CHECK(cutUtf8(Bytes(text), 5).text() == text);
  for (size_t limit : {2, 3, 4}) CHECK(cutUtf8(Bytes(text), limit).text() == "ab");
  CHECK(cutUtf8(Bytes(text), 0).empty());
}
