// SIP over TCP as a sniffer sees it: segments of many connections -> messages, each once.
//
// Each direction of a connection is a stream of its own. Segments are put in order; what was seen before is
// dropped; what came early is held until the octets before it come, or until it is clear that they will not.
// A stream may begin and end anywhere, and lose anything: SipFramer finds its way back.
//
// All memory is bounded (StreamLimits). Where a bound is reached the direction that was idle longest is
// forgotten, those that never carried a message first. A forgotten direction hands on what is complete and
// counts what is not.
//
// Used by one thread. Time is that of the packets: it may stand still or jump back.
#pragma once

#include <memory>
#include <unordered_map>

#include "../decode/segment.h"
#include "flow.h"
#include "held_segments.h"
#include "sip_framer.h"
#include "stream_queue.h"

namespace hepcapd {

// Valid during the call that it is handed to.
struct StreamMessage {
  Bytes octets;
  const Flow& flow;
  int64_t timeNs;  // of the frame that completed it
  bool webSocket;
};

class TcpStreams {
 public:
  // Must not call back into the TcpStreams that it is called by.
  using Emit = FunctionRef<void(const StreamMessage&)>;

  explicit TcpStreams(const StreamLimits& limits = {});
  TcpStreams(const TcpStreams&) = delete;
  TcpStreams& operator=(const TcpStreams&) = delete;

  // Hands on each message that this segment completes, in the order of the stream; and before those what
  // other streams had behind gaps whose time is over. Anything that is not TCP is ignored.
  void segment(const Segment& segment, int64_t timeNs, Emit emit);

  // What segment() does when time passes, for an input on which nothing comes.
  void expire(int64_t nowNs, Emit emit);

  // The end of the input: what is complete is handed on, what is not is counted, everything is forgotten.
  void finish(Emit emit);

  const StreamCounters& counters() const { return counters_; }
  size_t held() const { return held_; }  // memory that is bounded by StreamLimits::bytes
  size_t streams() const { return streams_.size(); }

 private:
  struct Stream {
    const Flow* flow = nullptr;  // the key of the table
    SipFramer framer;
    HeldSegments early;
    uint64_t next = 0;       // position of the octet that is to come
    uint32_t first = 0;      // sequence number of the connection's first octet that was seen, or would be
    bool begun = false;      // next and first mean something
    bool spoke = false;      // a message came out of it
    int64_t lastNs = 0;      // of its last segment
    int64_t progressNs = 0;  // of the last one that was in order
    QueueLink<Stream> use;
    QueueLink<Stream> gap;
    size_t held() const { return framer.held() + early.held(); }
  };

  Stream* find(const Flow& flow);
  Stream& open(const Flow& flow, Emit emit);
  void begin(Stream& stream, uint32_t sequence, int64_t timeNs, Emit emit);
  void read(Stream& stream, const Segment& segment, int64_t timeNs, Emit emit);
  void take(Stream& stream, const Segment& segment, uint32_t sequence, int64_t timeNs, Emit emit);
  void hold(Stream& stream, uint64_t position, const Segment& segment, int64_t timeNs, Emit emit);
  void deliver(Stream& stream, uint64_t position, Bytes octets, uint32_t missing, int64_t timeNs, Emit emit);
  void drain(Stream& stream, int64_t timeNs, Emit emit);
  void skipGap(Stream& stream, uint64_t position, int64_t timeNs, Emit emit);
  void giveUpGap(Stream& stream, Emit emit);
  void end(Stream& stream, Emit emit);
  void forget(Stream& stream, Emit emit);
  void touch(Stream& stream, int64_t timeNs);
  void queueGap(Stream& stream);
  Stream* oldest();
  void makeRoom(Emit emit);
  template <typename Action>
  void withFramer(Stream& stream, int64_t timeNs, Emit emit, Action&& action);
  template <typename Action>
  void accounted(Stream& stream, Action&& action);

  const StreamLimits limits_;
  StreamCounters counters_;
  std::unordered_map<Flow, Stream, FlowHash> streams_;
  StreamQueue<Stream, &Stream::use> speaking_;
  StreamQueue<Stream, &Stream::use> silent_;  // those that never carried a message
  StreamQueue<Stream, &Stream::gap> gaps_;    // those that wait for octets
  size_t held_ = 0;
};

}  // namespace hepcapd
