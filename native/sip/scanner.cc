// Line ends, sixteen octets at a time where the machine has SSE2 (every x86-64 has). Loads are never wider
// than what is left of the text.
#include "scanner.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hepcapd::sip {
namespace {

const uint8_t* findLineFeed(const uint8_t* at, const uint8_t* end) {
#if defined(__SSE2__)
  const __m128i lineFeeds = _mm_set1_epi8('\n');
  for (; end - at >= 16; at += 16) {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(octets, lineFeeds));
    if (found != 0) return at + __builtin_ctz(unsigned(found));
  }
  while (at < end && *at != '\n') at++;
  return at;
#else
  const void* const found = at < end ? std::memchr(at, '\n', size_t(end - at)) : nullptr;
  return found == nullptr ? end : static_cast<const uint8_t*>(found);
#endif
}

// RFC 3261 7.3.1: a line that starts with white space continues the header before it.
bool continues(const uint8_t* at, const uint8_t* end) { return at < end && (*at == ' ' || *at == '\t'); }

}  // namespace

Bytes LineScanner::line() {
  const uint8_t* const first = at_;
  const uint8_t* last = findLineFeed(first, end_);
  at_ = last < end_ ? last + 1 : end_;
  if (last > first && last[-1] == '\r') last--;
  return {first, last};
}

bool LineScanner::header(HeaderLine& out) {
  if (at_ == end_) return false;
  out.text = line();
  out.folded = false;
  if (out.text.empty()) {
    sawEmptyLine_ = true;
    return false;
  }
  while (continues(at_, end_)) {
    out.text = Bytes(out.text.begin(), line().end());
    out.folded = true;
  }
  return true;
}

}  // namespace hepcapd::sip
