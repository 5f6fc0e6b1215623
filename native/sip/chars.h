// Classes of octets in SIP (RFC 3261 section 25.1), and the few walks over text that every reader here is
// made of. Each takes `at` and `end`, never reads *end, and answers `end` for "not there".
#pragma once

#include <array>

#include "../base/bytes.h"

namespace hepcapd::sip {

enum CharClass : uint16_t {
  kToken = 1 << 0,        // header names, methods, parameter names
  kLws = 1 << 1,          // space, tab, and the line ends that a fold leaves inside a value
  kDigit = 1 << 2,        //
  kScheme = 1 << 3,       // letters, digits, + - .
  kAddrSpecEnd = 1 << 4,  // what ends an addr-spec without angle brackets
  kHostEnd = 1 << 5,      // what ends a host name or an IPv4 address
  kParamStop = 1 << 6,    // between parameters: what is worth a look
  kParamEnd = 1 << 7,     // what ends an unquoted parameter value
  kIpv6 = 1 << 8,         // hexadecimal digits, colon, dot
  kAfterUser = 1 << 9,    // @ ; ?
  kUriTail = 1 << 10,     // parameters, headers, fragments
};

namespace detail {
constexpr void mark(std::array<uint16_t, 256>& table, std::string_view octets, unsigned classes) {
  for (const char octet : octets) table[uint8_t(octet)] |= uint16_t(classes);
}
constexpr std::array<uint16_t, 256> makeClasses() {
  std::array<uint16_t, 256> table{};
  mark(table, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", kToken | kScheme);
  mark(table, "0123456789", kToken | kScheme | kDigit | kIpv6);
  mark(table, "ABCDEFabcdef:.", kIpv6);
  mark(table, "-.!%*_+`'~", kToken);
  mark(table, "+-.", kScheme);
  mark(table, " \t\r\n", kLws | kAddrSpecEnd | kHostEnd | kParamEnd);
  mark(table, ";,<", kAddrSpecEnd);
  mark(table, ":;,?/<>", kHostEnd);
  mark(table, ";,\"", kParamStop);
  mark(table, ";,", kParamEnd);
  mark(table, "@;?", kAfterUser);
  mark(table, ";?#", kUriTail);
  return table;
}
}  // namespace detail

inline constexpr std::array<uint16_t, 256> kClasses = detail::makeClasses();

inline bool is(uint8_t octet, unsigned classes) { return (kClasses[octet] & classes) != 0; }

// The first octet outside of the classes.
inline const uint8_t* skip(const uint8_t* at, const uint8_t* end, unsigned classes) {
  while (at < end && is(*at, classes)) at++;
  return at;
}

// The first octet of the classes.
inline const uint8_t* seek(const uint8_t* at, const uint8_t* end, unsigned classes) {
  while (at < end && !is(*at, classes)) at++;
  return at;
}

inline const uint8_t* find(const uint8_t* at, const uint8_t* end, uint8_t octet) {
  while (at < end && *at != octet) at++;
  return at;
}

// The quote that closes a quoted string, given the octet after the one that opened it.
inline const uint8_t* closingQuote(const uint8_t* at, const uint8_t* end) {
  while (at < end && *at != '"') at += *at == '\\' && end - at > 1 ? 2 : 1;
  return at;
}

inline Bytes trimmed(const uint8_t* at, const uint8_t* end) {
  at = skip(at, end, kLws);
  while (at < end && is(end[-1], kLws)) end--;
  return {at, end};
}

// `text` is `lower` in any case. `lower` is lower-case letters, digits and hyphens; the only other octet that
// could be taken for one of those is CR for a hyphen, and no token has a CR.
template <size_t N>
inline bool same(Bytes text, const char (&lower)[N]) {
  if (text.size != N - 1) return false;
  unsigned differences = 0;
  for (size_t i = 0; i < N - 1; i++)
    differences |= unsigned(text.data[i] | 0x20) ^ unsigned(uint8_t(lower[i]));
  return differences == 0;
}

}  // namespace hepcapd::sip
