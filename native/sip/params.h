// Parameters: name [ EQUAL value ], white space and folds around every separator (RFC 3261 section 25.1).
#pragma once

#include "chars.h"

namespace hepcapd::sip {

// token / host / quoted-string, without its quotes. `at` stands behind the equals sign.
inline Bytes readParamValue(const uint8_t* at, const uint8_t* end) {
  at = skip(at, end, kLws);
  if (at < end && *at == '"') return {at + 1, closingQuote(at + 1, end)};
  return {at, seek<AnyOf<';', ',', ' ', '\t', '\r', '\n'>, Padded>(at, end)};
}

// True when the parameter at `at` has this name (in lower case here, in any case there).
template <size_t N>
bool readParam(const uint8_t* at, const uint8_t* end, const char (&lower)[N], Bytes& value) {
  at = skip(at, end, kLws);
  if (size_t(end - at) < N - 1 || !sameLetters(at, lower)) return false;
  at += N - 1;
  if (at < end && is(*at, kToken)) return false;
  at = skip(at, end, kLws);
  value = at < end && *at == '=' ? readParamValue(at + 1, end) : Bytes{};
  return true;
}

// The value of the first parameter of that name behind a Separator. The walk ends at a Terminator, which ends
// the first of several values; nothing inside of quotes counts.
template <char Separator, char Terminator, size_t N>
Bytes findParam(Bytes params, const char (&lower)[N]) {
  const uint8_t* const end = params.end();
  const uint8_t* at = params.begin();
  while ((at = seek<AnyOf<Separator, Terminator, '"'>, Padded>(at, end)) < end && *at != Terminator) {
    Bytes value;
    if (*at++ == Separator) {
      if (readParam(at, end, lower, value)) return value;
    } else if ((at = closingQuote(at, end)) < end) {
      at++;
    }
  }
  return {};
}

// *( SEMI param ) of a header, up to the comma that starts its next value.
template <size_t N>
Bytes findHeaderParam(Bytes params, const char (&lower)[N]) {
  return findParam<';', ','>(params, lower);
}

// What follows the comma that ends the first value, or nothing.
inline Bytes afterComma(Bytes params) {
  const uint8_t* const end = params.end();
  const uint8_t* at = params.begin();
  while ((at = seek<AnyOf<',', '"'>, Padded>(at, end)) < end && *at == '"') {
    at = closingQuote(at + 1, end);
    if (at < end) at++;
  }
  return trimmed(at < end ? at + 1 : end, end);
}

}  // namespace hepcapd::sip
