// SIP in WebSocket frames (RFC 6455, RFC 7118), as one direction of a connection shows it after its HTTP
// head.
//
//     FIN 1 | RSV 3 | opcode 4 | MASK 1 | length 7 | [length 16 or 64] | [key 32] | payload
//
// Each whole message is one SIP message. Frames of a message are unmasked into memory of the reader; control
// frames between them are passed over.
#pragma once

#include <vector>

#include "context.h"

namespace hepcapd {

// The first line of an HTTP request or answer that may change a connection to WebSocket.
bool mayBeHandshake(Bytes line);
// Whether the head, from that line to its empty line, does so (RFC 6455 sections 4.1 and 4.2.2).
bool isHandshake(Bytes head);

class WebSocketReader {
 public:
  // Whether a segment starts with a frame in which a SIP message starts: how a stream is known whose
  // handshake was never seen.
  static bool recognizes(Bytes segment, const StreamLimits& limits);

  // Returns the octets that are dealt with. Fewer than all: from there on it is no WebSocket.
  size_t read(Bytes arrived, StreamContext& context);

  // So many octets will never come. False when the frames behind them cannot be found.
  bool lost(size_t octets, StreamContext& context);

  // Nothing more will come.
  void finish(StreamContext& context);

  size_t held() const { return sizeof *this + message_.capacity(); }

 private:
  static constexpr size_t kLongestHeader = 14;

  size_t takeHeader(Bytes arrived);
  bool beginFrame(const StreamLimits& limits);
  bool beginMessage();
  bool isControl() const { return (header_[0] & 0x08) != 0; }
  size_t takePayload(Bytes arrived, const StreamLimits& limits);
  void append(Bytes masked, const StreamLimits& limits);
  void endFrame(StreamContext& context);
  void deliver(StreamContext& context);
  void forget();

  uint8_t header_[kLongestHeader] = {};
  uint8_t headerSize_ = 0;  // octets of it that are here
  uint8_t key_[4] = {};
  uint8_t keyAt_ = 0;
  bool inFrame_ = false;
  bool inMessage_ = false;  // between its first frame and its last
  bool compressed_ = false;
  bool damaged_ = false;
  bool cut_ = false;
  uint64_t left_ = 0;  // of the frame's payload
  std::vector<uint8_t> message_;
};

}  // namespace hepcapd
