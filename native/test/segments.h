// Segments, messages and WebSocket frames for the tests of streams, and a sniffer that writes down what it is
// given. Each segment lies before a page that cannot be touched.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "frames.h"
#include "guarded.h"
#include "stream/tcp_streams.h"

namespace hepcapd::test {

using Texts = std::vector<std::string>;

inline std::string joined(const Texts& parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

inline std::string request(const std::string& callId, const std::string& body = "") {
  return "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK" + callId +
         "\r\nCall-ID: " + callId + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string reply(const std::string& callId, const std::string& body = "") {
  return "SIP/2.0 200 OK\r\nCall-ID: " + callId + "\r\nl: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// An endpoint of 192.0.2.0/24 and its port.
struct End {
  uint8_t host;
  uint16_t port;
};

inline Address hostAddress(uint8_t host) {
  const uint8_t octets[] = {192, 0, 2, host};
  return Address::ipv4(octets);
}

inline Segment segmentOf(End from, End to, uint32_t sequence, uint8_t flags = kTcpAck) {
  Segment segment;
  segment.source = hostAddress(from.host);
  segment.destination = hostAddress(to.host);
  segment.sourcePort = from.port;
  segment.destinationPort = to.port;
  segment.protocol = kProtocolTcp;
  segment.tcpFlags = flags;
  segment.sequence = sequence;
  return segment;
}

inline constexpr End kClient{1, 40000};
inline constexpr End kServer{2, 5060};
inline constexpr int64_t kSecond = 1'000'000'000;

struct Sniffer {
  explicit Sniffer(const StreamLimits& limits = {}) : streams(limits) {}

  TcpStreams streams;
  int64_t nowNs = 1000 * kSecond;
  Texts messages;
  std::vector<uint16_t> sourcePorts;
  std::vector<int64_t> timesNs;
  size_t webSocketMessages = 0;

  void take(const StreamMessage& message) {
    messages.emplace_back(message.octets.text());
    sourcePorts.push_back(message.flow.sourcePort);
    timesNs.push_back(message.timeNs);
    webSocketMessages += message.webSocket;
  }
  void see(Segment segment, const std::string& payload) {
    const GuardedBytes guard = guarded(payload);
    segment.payload = guard.bytes();
    streams.segment(segment, nowNs, [this](const StreamMessage& message) { take(message); });
  }
  // From the client, unless `from` says otherwise.
  void see(uint32_t sequence, const std::string& payload, uint8_t flags = kTcpAck, uint32_t missing = 0) {
    Segment segment = segmentOf(kClient, kServer, sequence, flags);
    segment.missing = missing;
    see(segment, payload);
  }
  void seeReply(uint32_t sequence, const std::string& payload, uint8_t flags = kTcpAck) {
    see(segmentOf(kServer, kClient, sequence, flags), payload);
  }
  void expire() {
    streams.expire(nowNs, [this](const StreamMessage& message) { take(message); });
  }
  void finish() {
    streams.finish([this](const StreamMessage& message) { take(message); });
    CHECK(streams.held() == 0);
    CHECK(streams.streams() == 0);
  }
  uint64_t count(StreamEvent event) const { return streams.counters()[event]; }
};

// One direction after its SYN, fed in order.
struct Line : Sniffer {
  explicit Line(const StreamLimits& limits = {}) : Sniffer(limits) { see(next++, "", kTcpSyn); }
  uint32_t next = 4294967000u;  // wraps soon
  void send(const std::string& payload) {
    see(next, payload);
    next += uint32_t(payload.size());
  }
};

inline constexpr uint8_t kContinuationFrame = 0, kTextFrame = 1, kBinaryFrame = 2, kCloseFrame = 8,
                         kPingFrame = 9, kPongFrame = 10;
inline constexpr uint8_t kFinal = 0x80;

// Its first octet, the length in 7, 16 or 64 bits (the shortest by default), the key, and the payload under
// it.
inline std::string frame(uint8_t first, const std::string& payload, bool masked = true,
                         unsigned lengthBits = 0) {
  if (lengthBits == 0) lengthBits = payload.size() < 126 ? 7 : payload.size() < 65536 ? 16 : 64;
  const uint8_t length = lengthBits == 7 ? uint8_t(payload.size()) : lengthBits == 16 ? 126 : 127;
  std::string out{char(first), char(length | (masked ? 0x80 : 0))};
  if (lengthBits > 7) out += kNetwork.number(payload.size(), lengthBits / 8);
  if (!masked) return out + payload;
  const std::string key = "\x5a\x01\xff\x33";
  out += key;
  for (size_t at = 0; at < payload.size(); at++) out += char(payload[at] ^ key[at % 4]);
  return out;
}
inline std::string textFrame(const std::string& payload, bool masked = true) {
  return frame(kFinal | kTextFrame, payload, masked);
}

}  // namespace hepcapd::test
