#include "tcp_streams.h"

#include <algorithm>
#include <random>

namespace hepcapd {
namespace {

// A segment that is so far behind belongs to another connection whose start was not seen: no window of SIP
// is that large.
constexpr int32_t kFarBehind = 16 << 20;
// Positions start here, so that a distance can be taken off any of them.
constexpr uint64_t kFirstPosition = uint64_t{1} << 32;

uint64_t randomSeed() {
  std::random_device device;
  return uint64_t(device()) << 32 | device();
}

// Time stamps are the sender's word: any two of them may be subtracted.
int64_t elapsed(int64_t now, int64_t then) { return int64_t(uint64_t(now) - uint64_t(then)); }

Flow flowOf(const Segment& segment) {
  return {segment.source, segment.destination, segment.sourcePort, segment.destinationPort};
}

}  // namespace

TcpStreams::TcpStreams(const StreamLimits& limits) : limits_(limits), streams_(0, FlowHash(randomSeed())) {}

void TcpStreams::segment(const Segment& segment, int64_t timeNs, Emit emit) {
  if (segment.protocol != kProtocolTcp) return;
  const bool carries = !segment.payload.empty() || segment.missing != 0;
  if (!carries && (segment.tcpFlags & (kTcpSyn | kTcpFin | kTcpReset)) == 0) return;
  expire(timeNs, emit);

  const Flow flow = flowOf(segment);
  Stream* stream = find(flow);
  if (stream == nullptr) {
    if (segment.tcpFlags & kTcpReset) return;
    if (!carries && (segment.tcpFlags & kTcpSyn) == 0) return;
    stream = &open(flow, emit);
  }
  touch(*stream, timeNs);
  accounted(*stream, [&] { read(*stream, segment, timeNs, emit); });
  makeRoom(emit);
}

TcpStreams::Stream* TcpStreams::find(const Flow& flow) {
  const auto found = streams_.find(flow);
  return found == streams_.end() ? nullptr : &found->second;
}

TcpStreams::Stream& TcpStreams::open(const Flow& flow, Emit emit) {
  while (!streams_.empty() && streams_.size() >= limits_.streams) {
    counters_[StreamEvent::evicted]++;
    forget(*oldest(), emit);
  }
  const auto added = streams_.try_emplace(flow).first;
  added->second.flow = &added->first;
  return added->second;
}

// RFC 9293 section 3.4: a SYN has the sequence number before the first octet. What a reset carries is no part
// of the stream (section 3.5.3).
void TcpStreams::read(Stream& stream, const Segment& segment, int64_t timeNs, Emit emit) {
  const bool opens = (segment.tcpFlags & kTcpSyn) != 0;
  const uint32_t sequence = segment.sequence + (opens ? 1 : 0);
  if (segment.tcpFlags & kTcpReset) return end(stream, emit);
  if (!stream.begun || (opens && sequence != stream.first)) begin(stream, sequence, timeNs, emit);
  if (!segment.payload.empty() || segment.missing != 0) take(stream, segment, sequence, timeNs, emit);

  const uint32_t after = sequence + uint32_t(segment.payload.size) + segment.missing;
  const bool complete = stream.early.empty() && after == uint32_t(stream.next);
  if ((segment.tcpFlags & kTcpFin) && complete) end(stream, emit);
}

void TcpStreams::begin(Stream& stream, uint32_t sequence, int64_t timeNs, Emit emit) {
  if (stream.begun) {
    counters_[StreamEvent::restarted]++;
    end(stream, emit);
  }
  stream.begun = true;
  stream.first = sequence;
  stream.next = kFirstPosition + sequence;
  stream.progressNs = timeNs;
}

void TcpStreams::take(Stream& stream, const Segment& segment, uint32_t sequence, int64_t timeNs, Emit emit) {
  int32_t ahead = int32_t(sequence - uint32_t(stream.next));
  if (ahead < -kFarBehind) {
    begin(stream, sequence, timeNs, emit);
    ahead = 0;
  }
  if (segment.missing != 0) counters_[StreamEvent::truncated]++;
  const uint64_t position = stream.next + uint64_t(int64_t{ahead});
  if (ahead > 0 && !stream.framer.deaf()) return hold(stream, position, segment, timeNs, emit);

  if (ahead > 0) skipGap(stream, position, timeNs, emit);
  const uint64_t before = stream.next;
  deliver(stream, position, segment.payload, segment.missing, timeNs, emit);
  if (stream.next == before) {
    counters_[StreamEvent::retransmitted]++;
    return;
  }
  if (ahead < 0) counters_[StreamEvent::overlapping]++;
  stream.progressNs = timeNs;
  drain(stream, timeNs, emit);
  queueGap(stream);
}

void TcpStreams::hold(Stream& stream, uint64_t position, const Segment& segment, int64_t timeNs, Emit emit) {
  HeldSegment copy{{segment.payload.begin(), segment.payload.end()}, segment.missing, timeNs};
  const bool isNew = stream.early.hold(position, std::move(copy));
  counters_[isNew ? StreamEvent::outOfOrder : StreamEvent::retransmitted]++;
  while (stream.early.held() > limits_.streamBytes) giveUpGap(stream, emit);
  queueGap(stream);
}

// `position` is not beyond what is to come. What was seen before is not looked at again.
void TcpStreams::deliver(Stream& stream, uint64_t position, Bytes octets, uint32_t missing, int64_t timeNs,
                         Emit emit) {
  const uint64_t known = stream.next - position;
  const uint64_t end = position + octets.size + missing;
  if (end <= stream.next) return;
  const Bytes fresh = known < octets.size ? octets.from(size_t(known)) : Bytes{};
  const uint64_t lost = end - stream.next - fresh.size;
  stream.next = end;
  counters_[StreamEvent::gapOctets] += lost;
  withFramer(stream, timeNs, emit, [&](SipFramer& framer, StreamContext& context) {
    if (!fresh.empty()) framer.feed(fresh, context);
    if (lost != 0) framer.lost(size_t(lost), context);
  });
}

// Delivers what was held as far as there is no gap.
void TcpStreams::drain(Stream& stream, int64_t timeNs, Emit emit) {
  while (!stream.early.empty() && stream.early.firstPosition() <= stream.next) {
    const uint64_t position = stream.early.firstPosition();
    const HeldSegment held = stream.early.takeFirst();
    deliver(stream, position, {held.octets.data(), held.octets.size()}, held.missing, timeNs, emit);
  }
}

void TcpStreams::skipGap(Stream& stream, uint64_t position, int64_t timeNs, Emit emit) {
  const uint64_t lost = position - stream.next;
  counters_[StreamEvent::gaps]++;
  counters_[StreamEvent::gapOctets] += lost;
  stream.next = position;
  withFramer(stream, timeNs, emit,
             [&](SipFramer& framer, StreamContext& context) { framer.lost(size_t(lost), context); });
}

// The first gap will not be filled any more. What is behind it came when it came.
void TcpStreams::giveUpGap(Stream& stream, Emit emit) {
  const int64_t timeNs = stream.early.firstTimeNs();
  skipGap(stream, stream.early.firstPosition(), timeNs, emit);
  drain(stream, timeNs, emit);
}

// The connection ends, or its stream is given up. It stays known, so that its last segments sent once more
// are not taken for a new one.
void TcpStreams::end(Stream& stream, Emit emit) {
  while (!stream.early.empty()) giveUpGap(stream, emit);
  gaps_.remove(stream);
  withFramer(stream, stream.lastNs, emit,
             [](SipFramer& framer, StreamContext& context) { framer.finish(context); });
}

void TcpStreams::forget(Stream& stream, Emit emit) {
  accounted(stream, [&] { end(stream, emit); });
  (stream.spoke ? speaking_ : silent_).remove(stream);
  streams_.erase(streams_.find(*stream.flow));
}

void TcpStreams::touch(Stream& stream, int64_t timeNs) {
  stream.lastNs = timeNs;
  (stream.spoke ? speaking_ : silent_).renew(stream);
}

void TcpStreams::queueGap(Stream& stream) {
  stream.early.empty() ? gaps_.remove(stream) : gaps_.renew(stream);
}

TcpStreams::Stream* TcpStreams::oldest() {
  return silent_.oldest() != nullptr ? silent_.oldest() : speaking_.oldest();
}

void TcpStreams::makeRoom(Emit emit) {
  while (held_ > limits_.bytes) {
    counters_[StreamEvent::evicted]++;
    forget(*oldest(), emit);
  }
}

void TcpStreams::expire(int64_t nowNs, Emit emit) {
  while (Stream* const stream = gaps_.oldest()) {
    const int64_t since = std::max(stream->early.firstTimeNs(), stream->progressNs);
    if (elapsed(nowNs, since) <= limits_.gapNs) break;
    accounted(*stream, [&] { giveUpGap(*stream, emit); });
    if (stream->early.empty()) gaps_.remove(*stream);
  }
  for (const auto queue : {&silent_, &speaking_}) {
    while (Stream* const stream = queue->oldest()) {
      if (elapsed(nowNs, stream->lastNs) <= limits_.idleNs) break;
      counters_[StreamEvent::idle]++;
      forget(*stream, emit);
    }
  }
}

void TcpStreams::finish(Emit emit) {
  while (Stream* const stream = oldest()) forget(*stream, emit);
}

template <typename Action>
void TcpStreams::withFramer(Stream& stream, int64_t timeNs, Emit emit, Action&& action) {
  const bool spoke = stream.spoke;
  const auto handOn = [&](Bytes octets, bool webSocket) {
    stream.spoke = true;
    emit({octets, *stream.flow, timeNs, webSocket});
  };
  StreamContext context{limits_, counters_, handOn};
  action(stream.framer, context);
  if (spoke || !stream.spoke) return;
  silent_.remove(stream);
  speaking_.renew(stream);
}

// Keeps the sum of what is held.
template <typename Action>
void TcpStreams::accounted(Stream& stream, Action&& action) {
  const size_t before = stream.held();
  action();
  held_ = held_ - before + stream.held();
}

}  // namespace hepcapd
