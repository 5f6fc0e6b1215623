#include "frame_intake.h"

#include <iterator>

#include "../capture/receive_thread.h"
#include "../sip/message.h"
#include "datagram_kind.h"

namespace hepcapd {
namespace {

constexpr uint32_t kWaitSliceMs = 50;

}  // namespace

const char* ignoredName(Ignored reason) {
  static constexpr const char* names[] = {"port", "not_sip", "no_payload"};
  static_assert(std::size(names) == size_t(Ignored::count));
  return names[size_t(reason)];
}

FrameIntake::FrameIntake(Intake& intake, const Options& options)
    : intake_(intake), ports_(options.ports), hep_(options.hep), dissector_({.tunnels = options.tunnels}) {}

void FrameIntake::frame(const Frame& frame) {
  timeNs_ = frame.timeNs != 0 ? frame.timeNs : wallClockNs();
  Segment segment;
  const Refusal refusal = dissector_.dissect(frame, segment);
  if (refusal == Refusal::fragmentHeld) {
    add(held_);
  } else if (refusal != Refusal::none) {
    add(refused_[size_t(refusal)]);
  } else if (!ports_.has(segment.sourcePort) && !ports_.has(segment.destinationPort)) {
    ignore(Ignored::port);
  } else if (segment.protocol == kProtocolTcp) {
    streamSegment(segment);
  } else {
    datagram(segment);
  }
}

void FrameIntake::datagram(const Segment& segment) {
  if (segment.payload.empty()) return ignore(Ignored::noPayload);
  if (hep_ && kindOf(segment.payload) == DatagramKind::hep) return hepPacket(segment);
  if (!looksLikeSip(segment.payload)) return ignore(Ignored::notSip);
  accept({.payload = segment.payload.first(kPacketBound),
          .source = segment.source,
          .destination = segment.destination,
          .sourcePort = segment.sourcePort,
          .destinationPort = segment.destinationPort,
          .protocol = segment.protocol,
          .timeUs = timeNs_ / 1000});
  add(messages_);
}

void FrameIntake::hepPacket(const Segment& segment) {
  if (!isPassed_) {
    const Arrival arrival{timeNs_ / 1000, segment.source, segment.sourcePort, segment.destination};
    while (!Intake::Session(intake_).accept(segment.payload, arrival, mayWait_ && mayWait_())) {
      intake_.pool().waitFree(kWaitSliceMs);
    }
  }
  add(messages_);
}

// A segment without payload still says where a stream begins and ends. What other streams had behind gaps
// may come out with this one.
void FrameIntake::streamSegment(const Segment& segment) {
  bool completed = false;
  streams_.segment(segment, timeNs_, [&](const StreamMessage& message) {
    acceptFromStream(message);
    completed = true;
  });
  if (completed) return add(messages_);
  if (segment.payload.empty()) return ignore(Ignored::noPayload);
  add(held_);
}

void FrameIntake::acceptFromStream(const StreamMessage& message) {
  const Flow& flow = message.flow;
  accept({.payload = message.octets.first(kPacketBound),
          .source = flow.source,
          .destination = flow.destination,
          .sourcePort = flow.sourcePort,
          .destinationPort = flow.destinationPort,
          .protocol = kProtocolTcp,
          .timeUs = message.timeNs / 1000});
}

void FrameIntake::accept(const CapturedMessage& message) {
  if (isPassed_) return;
  while (!Intake::Session(intake_).accept(message, mayWait_ && mayWait_())) {
    intake_.pool().waitFree(kWaitSliceMs);
  }
}

// Streams of a file know no time but its own.
void FrameIntake::idle() {
  if (!mayWait_) {
    streams_.expire(wallClockNs(), [&](const StreamMessage& message) { acceptFromStream(message); });
  }
  share();
  Intake::Session(intake_).flush();
}

void FrameIntake::finish() {
  streams_.finish([&](const StreamMessage& message) { acceptFromStream(message); });
  share();
  Intake::Session(intake_).flush(true);
}

// Copies the counters that only the frames' thread may read.
void FrameIntake::share() {
  std::lock_guard lock(sharedMutex_);
  sharedFragments_ = dissector_.counters();
  sharedStreams_ = streams_.counters();
}

FrameCounters FrameIntake::counters() const {
  FrameCounters out;
  out.messages = messages_.load(std::memory_order_relaxed);
  out.held = held_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < refused_.size(); i++) out.refused[i] = refused_[i].load(std::memory_order_relaxed);
  for (size_t i = 0; i < ignored_.size(); i++) out.ignored[i] = ignored_[i].load(std::memory_order_relaxed);
  std::lock_guard lock(sharedMutex_);
  out.fragments = sharedFragments_;
  out.streams = sharedStreams_;
  return out;
}

}  // namespace hepcapd
