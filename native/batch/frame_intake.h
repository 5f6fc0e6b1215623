// Frames become messages of an Intake: decoded, put together, told apart by port and by their first line.
//
//     Frame -> Dissector -> Segment -> port -> UDP: the payload       -> SIP? -> Intake
//                                              TCP: TcpStreams
//
// Every frame ends in exactly one count: it carried a message (or the last part of one), was held for what
// is still to come, or was ignored for a reason.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "../capture/frame_source.h"
#include "../decode/dissector.h"
#include "../stream/tcp_streams.h"
#include "intake.h"

namespace hepcapd {

// Ports of either end.
struct PortRange {
  uint16_t first = 0;
  uint16_t last = 65535;

  bool has(uint16_t port) const { return port >= first && port <= last; }
};

// Why a frame was ignored, besides the refusals of the dissector.
enum class Ignored : uint8_t { port, notSip, noPayload, count };
const char* ignoredName(Ignored reason);  // "port", "not_sip", "no_payload"

struct FrameCounters {
  uint64_t messages = 0;
  uint64_t held = 0;
  std::array<uint64_t, size_t(Refusal::count)> refused{};
  std::array<uint64_t, size_t(Ignored::count)> ignored{};
  // What happened on the way; as of the last idle moment.
  DissectorCounters fragments;
  StreamCounters streams;
};

class FrameIntake : public FrameSink {
 public:
  struct Options {
    PortRange ports;
    bool tunnels = true;
    bool hep = false;  // datagrams that carry HEP are packets of their sender, not SIP
  };

  FrameIntake(Intake& intake, const Options& options);

  void frame(const Frame& frame) override;
  void idle() override;
  void kernelDropped(uint64_t frames) override { Intake::Session(intake_).drop(Drop::kernelRing, frames); }
  void draining(std::function<bool()> mayWait) override { mayWait_ = std::move(mayWait); }
  // After the last frame: what streams still hold, and the open slab.
  void finish() override;
  // From here on frames are counted, and what they carry is not handed on.
  void passOver(bool isPassed) { isPassed_ = isPassed; }

  // From any thread.
  FrameCounters counters() const;

 private:
  // One writer, so adding needs no atomic addition.
  using Counter = std::atomic<uint64_t>;
  static void add(Counter& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void ignore(Ignored reason) { add(ignored_[size_t(reason)]); }

  void share();
  void datagram(const Segment& segment);
  void hepPacket(const Segment& segment);
  void streamSegment(const Segment& segment);
  void acceptFromStream(const StreamMessage& message);
  void accept(const CapturedMessage& message);

  Intake& intake_;
  const PortRange ports_;
  const bool hep_;
  bool isPassed_ = false;
  std::function<bool()> mayWait_;  // empty: a live input, which cannot
  Dissector dissector_;
  TcpStreams streams_;
  int64_t timeNs_ = 0;  // of the frame at hand
  Counter messages_{0};
  Counter held_{0};
  std::array<Counter, size_t(Refusal::count)> refused_{};
  std::array<Counter, size_t(Ignored::count)> ignored_{};
  mutable std::mutex sharedMutex_;
  DissectorCounters sharedFragments_;
  StreamCounters sharedStreams_;
};

}  // namespace hepcapd
