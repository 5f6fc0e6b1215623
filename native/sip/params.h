// Header parameters: *( SEMI name [ EQUAL value ] ), white space and folds around every separator.
#pragma once

#include "chars.h"

namespace hepcapd::sip {

// One parameter, and where the walk goes on.
struct Param {
  Bytes name;
  Bytes value;  // without its quotes
  const uint8_t* next = nullptr;
};

// `at` stands on the name.
inline Param readParam(const uint8_t* at, const uint8_t* end) {
  const uint8_t* const nameEnd = skip(at, end, kToken);
  const Bytes name(at, nameEnd);
  at = skip(nameEnd, end, kLws);
  if (at == end || *at != '=') return {name, {}, at};
  at = skip(at + 1, end, kLws);
  if (at < end && *at == '"') {
    const uint8_t* const close = closingQuote(at + 1, end);
    return {name, {at + 1, close}, close < end ? close + 1 : end};
  }
  const uint8_t* const last = seek(at, end, kParamEnd);
  return {name, {at, last}, last};
}

// The value of the first parameter of that name (in lower case here, in any case there) in the first of the
// comma-separated values; nothing inside of quotes counts.
template <size_t N>
Bytes findParam(Bytes params, const char (&lower)[N]) {
  const uint8_t* const end = params.end();
  for (const uint8_t* at = params.begin(); (at = seek(at, end, kParamStop)) < end && *at != ',';) {
    if (*at == '"') {
      const uint8_t* const close = closingQuote(at + 1, end);
      at = close < end ? close + 1 : end;
      continue;
    }
    const Param param = readParam(skip(at + 1, end, kLws), end);
    if (same(param.name, lower)) return param.value;
    at = param.next;
  }
  return {};
}

// What follows the comma that ends the first value, or nothing.
inline Bytes afterComma(Bytes params) {
  const uint8_t* const end = params.end();
  const uint8_t* at = params.begin();
  while (at < end && *at != ',') {
    if (*at == '"') at = closingQuote(at + 1, end);
    if (at < end) at++;
  }
  return trimmed(at < end ? at + 1 : end, end);
}

}  // namespace hepcapd::sip
