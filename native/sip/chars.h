// Classes of octets in SIP (RFC 3261 section 25.1), and the few walks over text that every reader here is
// made of. Each takes `at` and `end`, never reads *end, and answers `end` for "not there".
#pragma once

#include <array>

#include "../base/bytes.h"
#include "find.h"

namespace hepcapd::sip {

enum CharClass : uint8_t {
  kToken = 1 << 0,   // header names, methods, parameter names
  kLws = 1 << 1,     // space, tab, and the line ends that a fold leaves inside a value
  kDigit = 1 << 2,   //
  kScheme = 1 << 3,  // letters, digits, + - .
  kIpv6 = 1 << 4,    // hexadecimal digits, colon, dot
};

namespace detail {
constexpr void mark(std::array<uint8_t, 256>& table, std::string_view octets, unsigned classes) {
  for (const char octet : octets) table[uint8_t(octet)] |= uint8_t(classes);
}
constexpr std::array<uint8_t, 256> makeClasses() {
  std::array<uint8_t, 256> table{};
  mark(table, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", kToken | kScheme);
  mark(table, "0123456789", kToken | kScheme | kDigit | kIpv6);
  mark(table, "ABCDEFabcdef:.", kIpv6);
  mark(table, "-.!%*_+`'~", kToken);
  mark(table, "+-.", kScheme);
  mark(table, " \t\r\n", kLws);
  return table;
}
}  // namespace detail

inline constexpr std::array<uint8_t, 256> kClasses = detail::makeClasses();

inline bool is(uint8_t octet, unsigned classes) { return (kClasses[octet] & classes) != 0; }
inline bool isBlank(uint8_t octet) { return octet == ' ' || octet == '\t'; }

// The first octet outside of the classes: for walks that are a few octets long.
inline const uint8_t* skip(const uint8_t* at, const uint8_t* end, unsigned classes) {
  while (at < end && is(*at, classes)) at++;
  return at;
}

// Where a token ends. Hardly ever is anything in it but letters, digits, hyphens and dots, sixteen of which
// are told at a time; another sign, and what is longer, is looked up octet by octet.
template <typename Reach>
inline const uint8_t* tokenEnd(const uint8_t* at, const uint8_t* end) {
#if defined(__SSE2__)
  if (at < end) {
    const __m128i octets = Reach::load(at, end);
    const __m128i letters = within<'a', 'z'>(_mm_or_si128(octets, _mm_set1_epi8(0x20)));
    const __m128i others = _mm_or_si128(within<'0', '9'>(octets), within<'-', '.'>(octets));
    at = passed(at, end, _mm_or_si128(letters, others));
  }
#endif
  return skip(at, end, kToken);
}
inline bool isToken(const uint8_t* at, const uint8_t* end) { return tokenEnd<Padded>(at, end) == end; }

// Likewise the first octet that is no digit.
inline const uint8_t* digitsEnd(const uint8_t* at, const uint8_t* end) {
#if defined(__SSE2__)
  if (at < end) at = passed(at, end, within<'0', '9'>(Padded::load(at, end)));
#endif
  return skip(at, end, kDigit);
}

// The quote that closes a quoted string, given the octet after the one that opened it.
inline const uint8_t* closingQuote(const uint8_t* at, const uint8_t* end) {
  while ((at = seek<AnyOf<'"', '\\'>, Padded>(at, end)) < end && *at == '\\') at += end - at > 1 ? 2 : 1;
  return at;
}

inline Bytes trimmed(const uint8_t* at, const uint8_t* end) {
  at += at < end && *at == ' ';  // hardly ever more
  if (at < end && std::min(*at, end[-1]) > ' ') [[likely]]
    return {at, end};
  at = skip(at, end, kLws);
  while (at < end && is(end[-1], kLws)) end--;
  return {at, end};
}

// `text` has N - 1 octets and is `lower` in any case. `lower` is lower-case letters, digits and hyphens; the
// only other octet that could be taken for one of those is CR for a hyphen, which the callers never have.
template <size_t N>
inline bool sameLetters(const uint8_t* text, const char (&lower)[N]) {
  const auto differ = [&](size_t offset, auto word) {
    decltype(word) expected;
    std::memcpy(&word, text + offset, sizeof word);
    std::memcpy(&expected, lower + offset, sizeof expected);
    return (word | decltype(word)(0x2020202020202020)) != expected;
  };
  constexpr size_t size = N - 1;
  bool different = false;
  size_t at = 0;
  for (; size - at >= 8; at += 8) different |= differ(at, uint64_t{});
  if constexpr (size & 4) different |= differ((at += 4) - 4, uint32_t{});
  if constexpr (size & 2) different |= differ((at += 2) - 2, uint16_t{});
  if constexpr (size & 1) different |= differ(at, uint8_t{});
  return !different;
}

// The same for a size that is known late: 1 to 20 octets.
inline bool sameLetters(Bytes text, const char* lower) {
  const auto differ = [&](size_t offset, auto word) {
    decltype(word) expected;
    std::memcpy(&word, text.data + offset, sizeof word);
    std::memcpy(&expected, lower + offset, sizeof expected);
    return uint64_t((word | decltype(word)(0x2020202020202020)) ^ expected);
  };
  const size_t size = text.size;
  if (size >= 8) {
    uint64_t different = differ(0, uint64_t{}) | differ(size - 8, uint64_t{});
    if (size > 16) different |= differ(8, uint64_t{});
    return different == 0;
  }
  if (size >= 4) return (differ(0, uint32_t{}) | differ(size - 4, uint32_t{})) == 0;
  return (differ(0, uint8_t{}) | differ(size / 2, uint8_t{}) | differ(size - 1, uint8_t{})) == 0;
}

template <size_t N>
inline bool same(Bytes text, const char (&lower)[N]) {
  return text.size == N - 1 && sameLetters(text.data, lower);
}

}  // namespace hepcapd::sip
