// The wide search and the octet-by-octet one give one answer, at every length and place.
#include "sip/find.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"
#include "sip/chars.h"
#include "sip/message.h"

using namespace hepcapd;

namespace {

using Set = sip::AnyOf<';', ',', '"'>;

template <typename Set>
size_t slowly(Bytes text) {
  size_t at = 0;
  while (at < text.size && !Set::has(text[at])) at++;
  return at;
}

template <typename Set, typename Reach>
size_t quickly(Bytes text) {
  return size_t(sip::seek<Set, Reach>(text.begin(), text.end()) - text.begin());
}

}  // namespace

TEST_CASE("sip find: every length, every place, each of the set") {
  for (size_t size = 0; size <= 50; size++) {
    for (size_t place = 0; place <= size; place++) {
      for (const char octet : {';', ',', '"', ':', '\0', '\xbb'}) {
        std::string text(size, 'x');
        if (place < size) text[place] = octet;
        const GuardedBytes input = guarded(text);
        CHECK(quickly<Set, sip::Anywhere>(input.bytes()) == slowly<Set>(input.bytes()));
      }
    }
  }
}

TEST_CASE("sip find: every octet is in a set or not, by both ways of asking") {
  for (int octet = 0; octet < 256; octet++) {
    for (size_t size : {1, 3, 7, 8, 15, 16, 17, 33}) {
      const std::string text = std::string(size - 1, 'x') + char(octet);
      const GuardedBytes input = guarded(text);
      CHECK(quickly<sip::HostEnd, sip::Anywhere>(input.bytes()) == slowly<sip::HostEnd>(input.bytes()));
      CHECK(quickly<Set, sip::Anywhere>(input.bytes()) == slowly<Set>(input.bytes()));
    }
  }
  for (const char end : {' ', '\t', '\r', '\n', ':', ';', ',', '?', '/', '<', '>', '='})
    CHECK(sip::HostEnd::has(uint8_t(end)));
  for (const char part : {'a', 'Z', '0', '-', '.', '_', '@', '[', '%', '~', '\xe4'})
    CHECK_FALSE(sip::HostEnd::has(uint8_t(part)));
}

TEST_CASE("sip find: the first of several") {
  const GuardedBytes input = guarded("aaaaaaaaaaaaaaaaaaaa,a;a\"");
  CHECK(sip::seek<Set, sip::Anywhere>(input.bytes().begin(), input.bytes().end()) ==
        input.bytes().begin() + 20);
}

// One look takes in 64 octets, so the lengths go beyond two of them.
TEST_CASE("sip find: far away, every length and every place") {
  for (size_t size = 0; size <= 140; size++) {
    for (size_t place = 0; place <= size; place++) {
      std::string text(size, 'x');
      if (place < size) text[place] = text[size - 1] = '\n';
      const GuardedBytes input = guarded(text);
      const Bytes bytes = input.bytes();
      CHECK(sip::findFar<'\n', sip::Anywhere>(bytes.begin(), bytes.end()) == bytes.begin() + place);
      text.append(kSipPadding, '\n');
      const auto* first = reinterpret_cast<const uint8_t*>(text.data());
      CHECK(sip::findFar<'\n', sip::Padded>(first, first + size) == first + place);
    }
  }
}

TEST_CASE("sip chars: tokens and numbers end at the first octet that is not theirs") {
  for (size_t size = 0; size <= 40; size++) {
    for (int octet = 0; octet < 256; octet++) {
      const std::string token = std::string(size, 'x') + char(octet) + "x" + std::string(kSipPadding, 'x');
      const std::string number = std::string(size, '7') + char(octet) + "7" + std::string(kSipPadding, '7');
      const auto* first = reinterpret_cast<const uint8_t*>(token.data());
      const auto* digit = reinterpret_cast<const uint8_t*>(number.data());
      const size_t more = sip::is(uint8_t(octet), sip::kToken) ? 2 : 0;
      const size_t moreDigits = sip::is(uint8_t(octet), sip::kDigit) ? 2 : 0;
      CHECK(sip::tokenEnd<sip::Padded>(first, first + size + 2) == first + size + more);
      CHECK(sip::tokenEnd<sip::Anywhere>(first, first + size + 2) == first + size + more);
      CHECK(sip::digitsEnd(digit, digit + size + 2) == digit + size + moreDigits);
    }
  }
}

TEST_CASE("sip chars: a quoted string ends at a quote that nothing escapes") {
  const auto length = [](std::string_view text) {
    const GuardedBytes input = guarded(text);
    return sip::closingQuote(input.bytes().begin(), input.bytes().end()) - input.bytes().begin();
  };
  CHECK(length("abc\" rest") == 3);
  CHECK(length("a\\\"c\" rest") == 4);
  CHECK(length("a\\\\\" rest") == 3);
  CHECK(length("open") == 4);
  CHECK(length("open\\") == 5);
  CHECK(length("open\\\"") == 6);
  CHECK(length("") == 0);
}

TEST_CASE("sip chars: names compare in any case and in full") {
  const auto isName = [](std::string_view text) {
    return sip::same(guarded(text).bytes(), "p-asserted-identity");
  };
  CHECK(isName("P-Asserted-Identity"));
  CHECK(isName("P-ASSERTED-IDENTITY"));
  CHECK_FALSE(isName("p-asserted-identitz"));
  CHECK_FALSE(isName("q-asserted-identity"));
  CHECK_FALSE(isName("p-asserted-identit"));
  CHECK_FALSE(isName("p-asserted-identity2"));
  CHECK_FALSE(isName("p_asserted-identity"));
}
