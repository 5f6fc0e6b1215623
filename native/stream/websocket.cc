#include "websocket.h"

#include <algorithm>

#include "../sip/chars.h"
#include "../sip/message.h"
#include "../sip/scanner.h"

namespace hepcapd {
namespace {

enum Opcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };
constexpr uint8_t kFin = 0x80, kRsv1 = 0x40, kRsv2And3 = 0x30, kOpcode = 0x0f;
constexpr uint8_t kMasked = 0x80, kLength7 = 0x7f;
constexpr uint8_t kLength16 = 126, kLength64 = 127;
constexpr uint64_t kLongestControl = 125;  // RFC 6455 section 5.5

size_t lengthBytes(uint8_t second) {
  const uint8_t length = second & kLength7;
  return length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
}
size_t headerBytes(uint8_t second) { return 2 + lengthBytes(second) + ((second & kMasked) ? 4 : 0); }

uint64_t payloadBytes(const uint8_t* header) {
  switch (lengthBytes(header[1])) {
    case 2:
      return readU16(header + 2);
    case 8:
      return uint64_t(readU32(header + 2)) << 32 | readU32(header + 6);
    default:
      return header[1] & kLength7;
  }
}

bool startsWith(Bytes text, std::string_view prefix) {
  return text.text().substr(0, prefix.size()) == prefix;
}

// A keep-alive of RFC 7118 section 6: line ends and nothing else.
bool onlyLineEnds(Bytes text) {
  return std::all_of(text.begin(), text.end(), [](uint8_t octet) { return octet == '\r' || octet == '\n'; });
}

// Whether `word` is in a list of tokens, in any case.
bool namesWebSocket(Bytes list) {
  constexpr char kWord[] = "websocket";
  constexpr size_t kSize = sizeof kWord - 1;
  for (size_t at = 0; at + kSize <= list.size; at++) {
    if (sip::sameLetters(list.data + at, kWord)) return true;
  }
  return false;
}

}  // namespace

bool mayBeHandshake(Bytes line) { return startsWith(line, "GET ") || startsWith(line, "HTTP/1.1 101"); }

bool isHandshake(Bytes head) {
  sip::LineScanner lines(head);
  lines.line();
  for (sip::HeaderLine line; lines.header(line);) {
    const uint8_t* const end = std::min(line.colon, line.text.end());
    if (!sip::same(sip::trimmed(line.text.begin(), end), "upgrade")) continue;
    if (namesWebSocket({end, line.text.end()})) return true;
  }
  return false;
}

bool WebSocketReader::recognizes(Bytes segment, const StreamLimits& limits) {
  if (segment.size < kLongestHeader) return false;
  const uint8_t opcode = segment[0] & uint8_t(~kFin);
  if (opcode != kText && opcode != kBinary) return false;
  if (payloadBytes(segment.data) > limits.bodyBytes) return false;

  uint8_t start[512];
  const size_t header = headerBytes(segment[1]);
  const Bytes payload = segment.from(header).first(std::min(payloadBytes(segment.data), sizeof start));
  const uint8_t* const key = (segment[1] & kMasked) ? segment.data + header - 4 : nullptr;
  for (size_t at = 0; at < payload.size; at++) start[at] = uint8_t(payload[at] ^ (key ? key[at % 4] : 0));
  const Bytes text{start, payload.size};
  return sip::find<'\n', sip::Anywhere>(text.begin(), text.end()) != text.end() && looksLikeSip(text);
}

size_t WebSocketReader::read(Bytes arrived, StreamContext& context) {
  Bytes rest = arrived;
  while (!rest.empty()) {
    if (inFrame_) {
      rest = rest.from(takePayload(rest, context.limits));
    } else {
      const size_t header = takeHeader(rest);
      if (headerSize_ < 2 || headerSize_ < headerBytes(header_[1])) return arrived.size;
      if (!beginFrame(context.limits)) {
        context.add(StreamEvent::webSocketMalformed);
        finish(context);
        return arrived.size - rest.size;
      }
      rest = rest.from(header);
    }
    if (left_ == 0) endFrame(context);
  }
  return arrived.size;
}

// Completes the header as far as `arrived` goes, and returns how many octets that took.
size_t WebSocketReader::takeHeader(Bytes arrived) {
  const size_t before = headerSize_;
  for (const uint8_t octet : arrived) {
    if (headerSize_ >= 2 && headerSize_ == headerBytes(header_[1])) break;
    header_[headerSize_++] = octet;
  }
  return headerSize_ - before;
}

bool WebSocketReader::beginFrame(const StreamLimits& limits) {
  const uint64_t length = payloadBytes(header_);
  if ((header_[0] & kRsv2And3) || length > limits.bodyBytes) return false;
  if (isControl()) {
    const uint8_t opcode = header_[0] & kOpcode;
    if (opcode > kPong || (header_[0] & kRsv1) || !(header_[0] & kFin) || length > kLongestControl)
      return false;
  } else if (!beginMessage()) {
    return false;
  }
  std::fill_n(key_, sizeof key_, uint8_t{0});
  if (header_[1] & kMasked) std::copy_n(header_ + headerSize_ - sizeof key_, sizeof key_, key_);
  keyAt_ = 0;
  left_ = length;
  inFrame_ = true;
  return true;
}

// RFC 6455 section 5.4: a message is one frame of text or octets, then continuations up to the last one.
bool WebSocketReader::beginMessage() {
  const uint8_t opcode = header_[0] & kOpcode;
  const bool rsv1 = (header_[0] & kRsv1) != 0;
  if (opcode == kContinuation) return inMessage_ && !rsv1;
  if (opcode > kBinary || inMessage_) return false;
  inMessage_ = true;
  compressed_ = rsv1;
  return true;
}

size_t WebSocketReader::takePayload(Bytes arrived, const StreamLimits& limits) {
  const Bytes part = arrived.first(size_t(left_));
  if (!isControl() && !compressed_ && !damaged_) append(part, limits);
  left_ -= part.size;
  return part.size;
}

void WebSocketReader::append(Bytes masked, const StreamLimits& limits) {
  const Bytes kept = masked.first(limits.messageBytes - message_.size());
  if (kept.size < masked.size) cut_ = true;
  const size_t before = message_.size();
  message_.resize(before + kept.size);
  for (size_t at = 0; at < kept.size; at++) {
    message_[before + at] = uint8_t(kept[at] ^ key_[(keyAt_ + at) % sizeof key_]);
  }
  keyAt_ = uint8_t((keyAt_ + masked.size) % sizeof key_);
}

void WebSocketReader::endFrame(StreamContext& context) {
  inFrame_ = false;
  headerSize_ = 0;
  if (isControl() || !(header_[0] & kFin)) return;
  deliver(context);
  forget();
}

void WebSocketReader::deliver(StreamContext& context) {
  const Bytes message{message_.data(), message_.size()};
  if (compressed_) return context.add(StreamEvent::webSocketCompressed);
  if (damaged_) return context.add(StreamEvent::incomplete);
  if (onlyLineEnds(message)) return;
  if (!looksLikeSip(message)) return context.add(StreamEvent::webSocketNotSip);
  if (cut_) context.add(StreamEvent::cut);
  context.handOn(message, true);
}

bool WebSocketReader::lost(size_t octets, StreamContext& context) {
  if (!inFrame_ || octets > left_) {
    finish(context);
    return false;
  }
  if (!isControl()) {
    damaged_ = true;
    std::vector<uint8_t>().swap(message_);
  }
  left_ -= octets;
  if (left_ == 0) endFrame(context);
  return true;
}

void WebSocketReader::finish(StreamContext& context) {
  if (inMessage_) context.add(StreamEvent::incomplete);
  forget();
  inFrame_ = false;
  headerSize_ = 0;
  left_ = 0;
}

void WebSocketReader::forget() {
  inMessage_ = compressed_ = damaged_ = cut_ = false;
  std::vector<uint8_t>().swap(message_);
}

}  // namespace hepcapd
