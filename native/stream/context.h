// What every reader of a stream shares: its bounds, its counters, and where messages go.
#pragma once

#include <array>
#include <cstdint>

#include "../base/bytes.h"
#include "function_ref.h"

namespace hepcapd {

struct StreamLimits {
  size_t bytes = size_t{64} << 20;       // held by all streams together
  size_t streams = 65536;                // directions that are remembered; a connection has two
  size_t streamBytes = size_t{1} << 20;  // of one direction, held behind a gap
  size_t messageBytes = 65535;           // a longer message is handed on as far as this
  size_t bodyBytes = size_t{1} << 20;    // a longer Content-Length or WebSocket frame is not believed
  int64_t idleNs = 600'000'000'000;      // a direction without a segment is forgotten after this
  int64_t gapNs = 5'000'000'000;         // octets that did not come in this time will not come
};

// X(name, "its name in the ledger"): what happened to segments, octets and messages.
#define HEPCAPD_STREAM_EVENTS(X)                                                                        \
  X(messages, "messages")            /* handed on */                                                    \
  X(cut, "cut")                      /* of these: longer than messageBytes, handed on as far as that */ \
  X(withoutLength, "without_length") /* of these: no Content-Length that can be believed */             \
  X(incomplete, "incomplete")        /* messages that began and whose end never came */                 \
  X(skippedOctets, "skipped_octets") /* passed over in search of a start line */                        \
  X(deaf, "deaf")                    /* directions that carry too much else to be searched any more */  \
  X(retransmitted, "retransmitted")  /* segments with nothing new */                                    \
  X(overlapping, "overlapping")      /* segments with something known and something new */              \
  X(outOfOrder, "out_of_order")      /* segments that came early and were held */                       \
  X(truncated, "truncated")          /* segments whose end the snap length cut off */                   \
  X(gaps, "gaps")                    /* given up */                                                     \
  X(gapOctets, "gap_octets")         /* in these, and cut off by the snap length */                     \
  X(restarted, "restarted")          /* new connections on a pair of ports that was in use */           \
  X(evicted, "evicted")              /* directions forgotten because a bound was reached */             \
  X(idle, "idle")                    /* directions forgotten because nothing came any more */           \
  X(webSocketMalformed, "websocket_malformed")   /* octets where a frame should be, and is none */      \
  X(webSocketCompressed, "websocket_compressed") /* messages under permessage-deflate (RFC 7692) */     \
  X(webSocketNotSip, "websocket_not_sip")        /* messages of some other protocol */

enum class StreamEvent : uint8_t {
#define X(name, text) name,
  HEPCAPD_STREAM_EVENTS(X)
#undef X
      count
};
const char* streamEventName(StreamEvent event);  // "out_of_order", ...

class StreamCounters {
 public:
  uint64_t& operator[](StreamEvent event) { return counts_[size_t(event)]; }
  uint64_t operator[](StreamEvent event) const { return counts_[size_t(event)]; }

 private:
  std::array<uint64_t, size_t(StreamEvent::count)> counts_{};
};

struct StreamContext {
  const StreamLimits& limits;
  StreamCounters& counters;
  FunctionRef<void(Bytes octets, bool webSocket)> emit;  // the octets are valid during the call

  void add(StreamEvent event, uint64_t count = 1) { counters[event] += count; }
  void handOn(Bytes octets, bool webSocket) {
    add(StreamEvent::messages);
    emit(octets, webSocket);
  }
};

}  // namespace hepcapd
