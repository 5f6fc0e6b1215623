// The angle brackets decide: inside of them parameters are the URI's, without them they are the header's.
#include "name_addr.h"

#include "chars.h"

namespace hepcapd::sip {
namespace {

// The `<` after a display name, which may hold one in its quotes. A quote that nothing closes is taken for a
// letter (RFC 4475 section 3.1.2.6).
const uint8_t* findOpen(const uint8_t* at, const uint8_t* end) {
  while (at < end && *at != '<') {
    if (*at == '"') {
      const uint8_t* const close = closingQuote(at + 1, end);
      if (close == end) return find<'<', Padded>(at + 1, end);
      at = close;
    }
    at = seek<AnyOf<'<', '"'>, Padded>(at + 1, end);
  }
  return at;
}

// What nothing closes goes up to the next white space.
NameAddr readBracketed(const uint8_t* open, const uint8_t* end) {
  const uint8_t* const close = find<'>', Padded>(open + 1, end);
  if (close < end) return {trimmed(open + 1, close), {close + 1, end}};
  const uint8_t* const first = skip(open + 1, end, kLws);
  return {{first, seek<AnyOf<' ', '\t', '\r', '\n'>, Padded>(first, end)}, {end, end}};
}

}  // namespace

NameAddr readNameAddr(Bytes value) {
  const uint8_t* const first = value.begin();
  const uint8_t* const end = value.end();
  if (first < end && *first == '<') return readBracketed(first, end);
  const uint8_t* open = first < end && *first == '"' ? first : seek<AnyOf<'<', '"', ':'>, Padded>(first, end);
  if (open < end && *open == ':' && open > first && skip(first, open, kScheme) == open) {
    const uint8_t* const stop = seek<AnyOf<';', ',', '<', ' ', '\t', '\r', '\n'>, Padded>(open, end);
    open = skip(stop, end, kLws);
    if (open == end || *open != '<') return {{first, stop}, {stop, end}};
  } else {
    open = findOpen(open, end);
  }
  if (open == end) return {{}, {end, end}};
  return readBracketed(open, end);
}

}  // namespace hepcapd::sip
