#include "sip_framer.h"

#include <algorithm>
#include <optional>

#include "../sip/chars.h"
#include "../sip/scanner.h"
#include "../sip/start_line.h"

namespace hepcapd {
namespace {

constexpr size_t kLongestStartLine = 16384;
constexpr size_t kLongestMethod = 256;
constexpr size_t kLongestHandshake = 32768;  // cookies are long
// A stream that carried so many octets without a start line is not searched any more.
constexpr size_t kDeafAfter = 32768;

bool isStartLine(Bytes line) {
  return line.size <= kLongestStartLine && sip::readStartLine(line).kind != kSipUnreadable;
}

// Whether more octets could make a start line of this: a token or a version, and then a blank. The same is
// true of the head of an HTTP message.
bool mayBecomeStartLine(Bytes part) {
  if (part.size > kLongestStartLine) return false;
  const Bytes word = part.first(kLongestMethod);
  const uint8_t* at = sip::skip(word.begin(), word.end(), sip::kToken);
  if (at != word.begin() && at < word.end() && *at == '/') at = sip::skip(at + 1, word.end(), sip::kToken);
  return at == part.end() || (at != word.begin() && at < word.end() && sip::isBlank(*at));
}

// The same of what stands behind a body, where text is more likely: methods are written in capitals.
bool mayBeMethod(Bytes part) {
  const uint8_t* at = part.begin();
  while (at < part.end() && *at >= 'A' && *at <= 'Z') at++;
  return at != part.begin() && (at == part.end() || sip::isBlank(*at) || *at == '/');
}

bool isContentLength(Bytes line) {
  const uint8_t first = line[0] | 0x20;
  if (first != 'c' && first != 'l') return false;
  const uint8_t* const colon = sip::find<':', sip::Anywhere>(line.begin(), line.end());
  if (colon == line.end()) return false;
  const Bytes name = sip::trimmed(line.begin(), colon);
  return sip::same(name, "l") || sip::same(name, "content-length");
}

// Whether a start line is here whole, or a line that may change to WebSocket.
bool startsMessage(Bytes segment) {
  sip::LineScanner lines(segment);
  lines.skipLeadingLineEnds();
  if (lines.rest().empty() || !sip::is(*lines.position(), sip::kToken)) return false;
  const Bytes line = lines.line();
  return lines.position()[-1] == '\n' && (isStartLine(line) || mayBeHandshake(line));
}

// The start of a line has its first word whole: what follows it is no start line of its own then.
bool hasBlank(const std::vector<uint8_t>& octets) {
  return std::any_of(octets.begin(), octets.end(), sip::isBlank);
}

// Digits and nothing else; no number when it is more than `most`.
std::optional<size_t> readLength(Bytes text, size_t most) {
  const Bytes value = sip::trimmed(text.begin(), text.end());
  if (value.empty()) return {};
  size_t number = 0;
  for (const uint8_t octet : value) {
    if (!sip::is(octet, sip::kDigit)) return {};
    number = number * 10 + (octet - '0');
    if (number > most) return {};
  }
  return number;
}

// The value of the header that starts at `line`, with the lines that continue it.
std::optional<size_t> contentLength(Bytes headers, size_t line, size_t most) {
  if (line == 0) return {};
  sip::LineScanner lines(headers.from(line));
  sip::HeaderLine header;
  lines.header(header);
  return readLength({std::min(header.colon + 1, header.text.end()), header.text.end()}, most);
}

// How far the body of a message without a length goes: up to a line that starts a message, or may do so.
size_t openBody(Bytes rest) {
  sip::LineScanner lines(rest);
  lines.skipLeadingLineEnds();
  if (lines.rest().empty()) return 0;  // a keep-alive
  for (bool first = true; !lines.rest().empty(); first = false) {
    const uint8_t* const start = lines.position();
    const Bytes line = lines.line();
    const bool ended = lines.position()[-1] == '\n';
    if (isStartLine(line) || (!ended && mayBeMethod(line))) return first ? 0 : size_t(start - rest.begin());
  }
  return rest.size;
}

}  // namespace

void SipFramer::feed(Bytes arrived, StreamContext& context) {
  lookAtSegmentStart(arrived, context);
  if (!pending_.empty()) {
    pending_.insert(pending_.end(), arrived.begin(), arrived.end());
    const size_t rest = consume({pending_.data(), pending_.size()}, context).size;
    if (rest == 0) return dropPending();
    pending_.erase(pending_.begin(), pending_.end() - ptrdiff_t(rest));
    return;
  }
  const Bytes rest = consume(arrived, context);
  pending_.assign(rest.begin(), rest.end());
}

// Senders start messages where segments start. That is the way back when the line structure is lost, and to
// a stream that was given up.
void SipFramer::lookAtSegmentStart(Bytes arrived, StreamContext& context) {
  if (state_ != State::seeking && state_ != State::deaf) return;
  if (WebSocketReader::recognizes(arrived, context.limits)) {
    webSocket_ = std::make_unique<WebSocketReader>();
    state_ = State::webSocket;
  } else if ((midLine_ || state_ == State::deaf || hasBlank(pending_)) && startsMessage(arrived)) {
    state_ = State::seeking;
  } else {
    return;
  }
  context.add(StreamEvent::skippedOctets, pending_.size());
  dropPending();
  midLine_ = false;
}

// Reads as far as it can; what it returns needs the octets that follow.
Bytes SipFramer::consume(Bytes view, StreamContext& context) {
  while (step(view, context)) continue;
  return view;
}

// False when there is nothing to do before more octets come.
bool SipFramer::step(Bytes& view, StreamContext& context) {
  if (view.empty()) return false;
  switch (state_) {
    case State::seeking:
      return midLine_ ? seekLineStart(view, context) : seek(view, context);
    case State::deaf:
      context.add(StreamEvent::skippedOctets, view.size);
      view = view.from(view.size);
      return false;
    case State::handshake:
      return readHandshake(view, context);
    case State::headers:
      return readHeaders(view, context);
    case State::body:
      return readBody(view, context);
    case State::skipping:
      return skipRest(view);
    case State::webSocket:
      return readWebSocket(view, context);
  }
  return false;
}

bool SipFramer::seek(Bytes& view, StreamContext& context) {
  sip::LineScanner lines(view);
  lines.skipLeadingLineEnds();
  view = lines.rest();
  if (view.empty()) return false;
  const uint8_t* const lineFeed = sip::find<'\n', sip::Anywhere>(view.from(scanned_).begin(), view.end());
  if (lineFeed < view.end()) {
    takeStartLine(view, {view.begin(), lineFeed}, context);
    return true;
  }
  scanned_ = view.size;
  if (mayBecomeStartLine(view)) return false;
  scanned_ = 0;
  midLine_ = true;
  return true;
}

bool SipFramer::seekLineStart(Bytes& view, StreamContext& context) {
  const uint8_t* const lineFeed = sip::find<'\n', sip::Anywhere>(view.begin(), view.end());
  midLine_ = lineFeed == view.end();
  pass(view, size_t(lineFeed - view.begin()) + (midLine_ ? 0 : 1), context);
  return true;
}

void SipFramer::takeStartLine(Bytes& view, Bytes line, StreamContext& context) {
  scanned_ = 0;
  if (isStartLine(line)) {
    passed_ = 0;
    beginLines(State::headers, line.size + 1);
  } else if (mayBeHandshake(line)) {
    beginLines(State::handshake, line.size + 1);
  } else {
    pass(view, line.size + 1, context);
  }
}

void SipFramer::beginLines(State state, size_t startLineBytes) {
  state_ = state;
  scanned_ = lineStart_ = startLineBytes;
  lengthLine_ = 0;
}

// Octets that are no message.
void SipFramer::pass(Bytes& view, size_t octets, StreamContext& context) {
  context.add(StreamEvent::skippedOctets, octets);
  view = view.from(octets);
  passed_ += octets;
  if (passed_ <= kDeafAfter) return;
  context.add(StreamEvent::deaf);
  passed_ = 0;
  state_ = State::deaf;
}

// The next line that is whole, without its line end; lineStart_ is behind it then.
bool SipFramer::nextLine(Bytes view, Bytes& line) {
  const uint8_t* const lineFeed = sip::find<'\n', sip::Anywhere>(view.from(scanned_).begin(), view.end());
  scanned_ = view.size;
  if (lineFeed == view.end()) return false;
  line = {view.begin() + lineStart_, lineFeed};
  if (!line.empty() && lineFeed[-1] == '\r') line = line.first(line.size - 1);
  scanned_ = lineStart_ = size_t(lineFeed - view.begin()) + 1;
  return true;
}

bool SipFramer::readHeaders(Bytes& view, StreamContext& context) {
  for (Bytes line; nextLine(view, line) && lineStart_ <= context.limits.messageBytes;) {
    if (line.empty()) {
      endHeaders(view, lineStart_, context);
      return true;
    }
    if (lengthLine_ == 0 && isContentLength(line)) lengthLine_ = size_t(line.begin() - view.begin());
  }
  if (scanned_ <= context.limits.messageBytes) return false;
  cutHeaders(view, context);
  return true;
}

// A header section that is as long as a message may be.
void SipFramer::cutHeaders(Bytes& view, StreamContext& context) {
  context.add(StreamEvent::cut);
  context.handOn(view.first(context.limits.messageBytes), false);
  view = view.from(context.limits.messageBytes);
  scanned_ = 0;
  state_ = State::seeking;
  midLine_ = true;
}

void SipFramer::endHeaders(Bytes& view, size_t end, StreamContext& context) {
  scanned_ = 0;
  state_ = State::body;
  const std::optional<size_t> length = contentLength(view.first(end), lengthLine_, context.limits.bodyBytes);
  if (!length) context.add(StreamEvent::withoutLength);
  left_ = end + (length ? *length : openBody(view.from(end)));
}

bool SipFramer::readBody(Bytes& view, StreamContext& context) {
  const size_t kept = std::min(left_, context.limits.messageBytes);
  if (view.size < kept) return false;
  if (kept < left_) context.add(StreamEvent::cut);
  state_ = kept < left_ ? State::skipping : State::seeking;
  left_ -= kept;
  context.handOn(view.first(kept), false);
  view = view.from(kept);
  return true;
}

bool SipFramer::skipRest(Bytes& view) {
  const size_t octets = std::min(left_, view.size);
  view = view.from(octets);
  left_ -= octets;
  if (left_ == 0) state_ = State::seeking;
  return true;
}

bool SipFramer::readHandshake(Bytes& view, StreamContext& context) {
  for (Bytes line; nextLine(view, line);) {
    if (!line.empty()) continue;
    const Bytes head = view.first(lineStart_);
    scanned_ = 0;
    state_ = State::seeking;
    if (head.size <= kLongestHandshake && isHandshake(head)) {
      webSocket_ = std::make_unique<WebSocketReader>();
      state_ = State::webSocket;
      passed_ = 0;
      view = view.from(head.size);
    } else {
      pass(view, head.size, context);
    }
    return true;
  }
  if (view.size <= kLongestHandshake) return false;
  scanned_ = 0;
  state_ = State::seeking;
  pass(view, view.size, context);
  return true;
}

bool SipFramer::readWebSocket(Bytes& view, StreamContext& context) {
  view = view.from(webSocket_->read(view, context));
  if (view.empty()) return false;
  webSocket_.reset();
  state_ = State::seeking;
  return true;
}

void SipFramer::lost(size_t octets, StreamContext& context) {
  const size_t here = pending_.size();
  breakOff(context);
  if (state_ == State::webSocket && webSocket_->lost(octets, context)) return;
  if (state_ == State::body) {
    left_ -= here;
    state_ = State::skipping;
  }
  if (state_ == State::skipping && octets <= left_) {
    left_ -= octets;
    if (left_ == 0) state_ = State::seeking;
    return;
  }
  if (state_ == State::deaf) return;
  webSocket_.reset();
  state_ = State::seeking;
}

// What is pending will not be completed. The next octets start a line, for all that is known.
void SipFramer::breakOff(StreamContext& context) {
  const bool inMessage = state_ == State::headers || state_ == State::body;
  inMessage ? context.add(StreamEvent::incomplete) : context.add(StreamEvent::skippedOctets, pending_.size());
  dropPending();
  midLine_ = false;
}

void SipFramer::finish(StreamContext& context) {
  breakOff(context);
  if (webSocket_) webSocket_->finish(context);
  webSocket_.reset();
  state_ = State::seeking;
  passed_ = 0;
}

// Streams are many and mostly idle: memory is given back at once.
void SipFramer::dropPending() {
  std::vector<uint8_t>().swap(pending_);
  scanned_ = 0;
}

}  // namespace hepcapd
