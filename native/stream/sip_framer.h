// Cuts the octets of one direction of a TCP connection into SIP messages (RFC 3261 section 18.3), however
// they were cut on the way. A message that lies whole in one segment is handed on where it lies; only an
// incomplete tail is copied, and every octet is looked at once.
//
//     seeking -> headers -> body -> seeking                 a message
//     seeking -> handshake -> webSocket                     a browser phone
//     seeking -> deaf                                       something else: only the start of each segment is
//                                                           looked at until one starts a message
//
// Between messages CRLFs are keep-alives (RFC 5626 section 4.4.1) and all that is no start line is skipped
// line by line: so it begins in the middle of a stream, and so it goes on after a loss or a message that
// lied.
//
// A message without a Content-Length that can be believed has the octets for its body that came with it in
// the same segment, up to the next start line. The RFC forbids such messages on streams; this is what other
// sniffers do, and none of the messages around it is lost.
#pragma once

#include <memory>
#include <vector>

#include "websocket.h"

namespace hepcapd {

class SipFramer {
 public:
  // The octets that follow those of the last call. Where this call cuts them matters only to what is no SIP,
  // and to messages without a Content-Length.
  void feed(Bytes arrived, StreamContext& context);

  // So many octets will never come.
  void lost(size_t octets, StreamContext& context);

  // Nothing more will come. What is fed afterwards is a new stream.
  void finish(StreamContext& context);

  bool deaf() const { return state_ == State::deaf; }
  size_t held() const { return pending_.capacity() + (webSocket_ ? webSocket_->held() : 0); }

 private:
  enum class State : uint8_t { seeking, deaf, handshake, headers, body, skipping, webSocket };

  void lookAtSegmentStart(Bytes arrived, StreamContext& context);
  Bytes consume(Bytes view, StreamContext& context);
  bool step(Bytes& view, StreamContext& context);
  bool seek(Bytes& view, StreamContext& context);
  bool seekLineStart(Bytes& view, StreamContext& context);
  void takeStartLine(Bytes& view, Bytes line, StreamContext& context);
  bool readHeaders(Bytes& view, StreamContext& context);
  void endHeaders(Bytes& view, size_t end, StreamContext& context);
  void cutHeaders(Bytes& view, StreamContext& context);
  bool readHandshake(Bytes& view, StreamContext& context);
  bool readBody(Bytes& view, StreamContext& context);
  bool skipRest(Bytes& view);
  bool readWebSocket(Bytes& view, StreamContext& context);
  bool nextLine(Bytes view, Bytes& line);
  void pass(Bytes& view, size_t octets, StreamContext& context);
  void beginLines(State state, size_t startLineBytes);
  void breakOff(StreamContext& context);
  void dropPending();

  State state_ = State::seeking;
  bool midLine_ = false;          // seeking: the line that is passed has not ended
  size_t passed_ = 0;             // seeking: octets since the last start line
  size_t scanned_ = 0;            // of the message or line: no line end in these, behind lineStart_
  size_t lineStart_ = 0;          // headers, handshake: of the line that is looked for
  size_t lengthLine_ = 0;         // headers: where the first Content-Length is; 0 is nowhere
  size_t left_ = 0;               // body: size of the whole message; skipping: octets to go
  std::vector<uint8_t> pending_;  // the start of a message or of a line that may start one
  std::unique_ptr<WebSocketReader> webSocket_;
};

}  // namespace hepcapd
