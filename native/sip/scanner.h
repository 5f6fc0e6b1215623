// Cuts a message into its start line, its header lines and its body. It knows line ends (CRLF, or LF as files
// and careless senders have it), folds and the empty line, and nothing of what the lines say.
#pragma once

#include "../base/bytes.h"
#include "find.h"

namespace hepcapd::sip {

// One header with the lines that continue it, without the last line end.
struct HeaderLine {
  Bytes text;
  const uint8_t* colon = nullptr;  // the first one; at the end of the text or beyond when there is none
  bool folded = false;
};

// Points into the text that it was made with; every octet of it is passed once. See find.h for the Reach.
template <typename Reach>
class LinesOf {
 public:
  explicit LinesOf(Bytes text) : at_(text.begin()), end_(text.end()) {}

  // RFC 3261 7.5: empty lines before the start line are ignored.
  void skipLeadingLineEnds() {
    while (at_ < end_ && (*at_ == '\r' || *at_ == '\n')) at_++;
  }

  // The next line, without its CRLF or LF. At the end of the text it is empty.
  Bytes line() { return upTo(at_, findFar<'\n', Reach>(at_, end_)); }

  // False at the empty line, which is passed, and at the end of the text.
  bool header(HeaderLine& out) {
    if (at_ == end_) return false;
    const uint8_t* const first = at_;
    if (colon_ < first) colon_ = find<':', Reach>(first, end_);  // else it is the first one still
    out.colon = colon_;
    out.text = upTo(first, findFar<'\n', Reach>(first, end_));
    out.folded = false;
    if (out.text.empty()) {
      sawEmptyLine_ = true;
      return false;
    }
    while (continues()) {
      out.text = Bytes(first, line().end());
      out.folded = true;
    }
    return true;
  }

  bool sawEmptyLine() const { return sawEmptyLine_; }
  const uint8_t* position() const { return at_; }
  Bytes rest() const { return {at_, end_}; }
  void returnTo(const uint8_t* position) {
    at_ = position;
    colon_ = nullptr;
  }

 private:
  Bytes upTo(const uint8_t* first, const uint8_t* lineFeed) {
    at_ = lineFeed < end_ ? lineFeed + 1 : end_;
    const uint8_t* const last = lineFeed - (lineFeed > first && lineFeed[-1] == '\r');
    return {first, last};
  }

  // RFC 3261 7.3.1: a line that starts with white space continues the header before it.
  bool continues() const { return at_ < end_ && *at_ <= ' ' && (*at_ == ' ' || *at_ == '\t'); }

  const uint8_t* at_;
  const uint8_t* end_;
  const uint8_t* colon_ = nullptr;  // the one that was found last: lines without any look for it once
  bool sawEmptyLine_ = false;
};

using LineScanner = LinesOf<Anywhere>;
using PaddedLineScanner = LinesOf<Padded>;

}  // namespace hepcapd::sip
