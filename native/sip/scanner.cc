// Line ends and folds. A line is CRLF-ended, or LF-ended as files and careless senders have it.
#include "scanner.h"

#include "find.h"

namespace hepcapd::sip {
namespace {

// RFC 3261 7.3.1: a line that starts with white space continues the header before it.
bool continues(const uint8_t* at, const uint8_t* end) { return at < end && (*at == ' ' || *at == '\t'); }

}  // namespace

Bytes LineScanner::line() {
  const uint8_t* const first = at_;
  const uint8_t* last = find<'\n'>(first, end_);
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
