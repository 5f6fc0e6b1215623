// Cuts a message into its start line, its header lines and its body. It knows line ends (CRLF, or LF as files
// and careless senders have it), folds and the empty line, and nothing of what the lines say.
#pragma once

#include "../base/bytes.h"
#include "find.h"

namespace hepcapd::sip {

// One header with the lines that continue it, without the last line end.
struct HeaderLine {
  Bytes text;
  bool folded = false;
};

// Points into the text that it was made with; every octet of it is passed once.
class LineScanner {
 public:
  explicit LineScanner(Bytes text) : at_(text.begin()), end_(text.end()) {}

  // RFC 3261 7.5: empty lines before the start line are ignored.
  void skipLeadingLineEnds() {
    while (at_ < end_ && (*at_ == '\r' || *at_ == '\n')) at_++;
  }

  // The next line, without its CRLF or LF. At the end of the text it is empty.
  Bytes line() {
    const uint8_t* const first = at_;
    const uint8_t* last = find<'\n'>(first, end_);
    at_ = last < end_ ? last + 1 : end_;
    if (last > first && last[-1] == '\r') last--;
    return {first, last};
  }

  // False at the empty line, which is passed, and at the end of the text.
  bool header(HeaderLine& out) {
    if (at_ == end_) return false;
    out.text = line();
    out.folded = false;
    if (out.text.empty()) {
      sawEmptyLine_ = true;
      return false;
    }
    while (continues()) {
      out.text = Bytes(out.text.begin(), line().end());
      out.folded = true;
    }
    return true;
  }

  bool sawEmptyLine() const { return sawEmptyLine_; }
  const uint8_t* position() const { return at_; }
  Bytes rest() const { return {at_, end_}; }
  void returnTo(const uint8_t* position) { at_ = position; }

 private:
  // RFC 3261 7.3.1: a line that starts with white space continues the header before it.
  bool continues() const { return at_ < end_ && (*at_ == ' ' || *at_ == '\t'); }

  const uint8_t* at_;
  const uint8_t* end_;
  bool sawEmptyLine_ = false;
};

}  // namespace hepcapd::sip
