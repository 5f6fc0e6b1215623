// Any octets as the segments of two directions: memory stays within its bounds, messages are SIP and no
// longer than they may be, and every segment shown twice gives the same messages.
//
// Input: segments, each of one octet of Steering, two that move the sequence number with kJump, one for the
// missing octets with kMissing, one for the size of the payload, and the payload.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sip/message.h"
#include "stream/tcp_streams.h"

using namespace hepcapd;

namespace {

enum Steering : uint8_t {
  kFlags = 0x07,    // FIN, SYN, RST as TCP has them
  kServer = 0x08,   // the other direction
  kJump = 0x10,     // not where the last segment of this direction ended
  kFar = 0x20,      // and multiplied
  kMissing = 0x40,  // cut by the snap length
  kPause = 0x80,    // seconds later
};

constexpr StreamLimits kLimits{.bytes = 1 << 20,
                               .streams = 100,
                               .streamBytes = 3000,
                               .messageBytes = 2000,
                               .bodyBytes = 5000,
                               .idleNs = 600'000'000'000,
                               .gapNs = 5'000'000'000};

void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  explicit Input(Bytes octets) : rest_(octets) {}
  bool empty() const { return rest_.empty(); }
  uint8_t octet() { return rest_.empty() ? 0 : take(1)[0]; }
  Bytes take(size_t size) {
    const Bytes part = rest_.first(size);
    rest_ = rest_.from(size);
    return part;
  }

 private:
  Bytes rest_;
};

class Run {
 public:
  explicit Run(int copies) : copies_(copies) {}

  std::vector<std::string> messages(Bytes octets) {
    for (Input input(octets); !input.empty();) step(input);
    streams_.finish([this](const StreamMessage& message) { take(message); });
    require(streams_.held() == 0 && streams_.streams() == 0);
    require(streams_.counters()[StreamEvent::messages] == messages_.size());
    return std::move(messages_);
  }

 private:
  void step(Input& input) {
    const uint8_t steering = input.octet();
    const bool fromServer = (steering & kServer) != 0;
    Segment segment;
    segment.protocol = kProtocolTcp;
    segment.sourcePort = fromServer ? 5060 : 1;
    segment.destinationPort = fromServer ? 1 : 5060;
    segment.tcpFlags = steering & kFlags;
    if (steering & kJump) {
      const int32_t jump = int16_t(uint16_t(input.octet() << 8 | input.octet()));
      next_[fromServer] += uint32_t(jump * ((steering & kFar) ? 65536 : 1));
    }
    if (steering & kMissing) segment.missing = input.octet();
    if (steering & kPause) nowNs_ += 3'000'000'000;
    segment.sequence = next_[fromServer];
    const Bytes payload = input.take(input.octet());
    next_[fromServer] += uint32_t(payload.size) + segment.missing + ((steering & kTcpSyn) ? 1 : 0);
    for (int copy = 0; copy < copies_; copy++) show(segment, payload);
  }

  // A copy that ends where the payload ends, so that a read beyond it is seen.
  void show(Segment segment, Bytes payload) {
    const std::unique_ptr<uint8_t[]> copy(new uint8_t[payload.size]);
    if (!payload.empty()) std::memcpy(copy.get(), payload.data, payload.size);
    segment.payload = {copy.get(), payload.size};
    streams_.segment(segment, nowNs_, [this](const StreamMessage& message) { take(message); });
    require(streams_.held() <= kLimits.bytes && streams_.streams() <= 2);
  }

  void take(const StreamMessage& message) {
    require(message.octets.size <= kLimits.messageBytes);
    require(message.octets.size == kLimits.messageBytes || looksLikeSip(message.octets));
    messages_.emplace_back(message.octets.text());
  }

  const int copies_;
  TcpStreams streams_{kLimits};
  int64_t nowNs_ = 0;
  uint32_t next_[2] = {1, 0xfffffff0};
  std::vector<std::string> messages_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const Bytes input{octets, size};
  require(Run(1).messages(input) == Run(2).messages(input));
  return 0;
}
