// The segments of one direction that came before those in front of them, in the order of the stream.
//
// A position is a sequence number that does not wrap: the 64-bit count of which the wire shows the low half.
#pragma once

#include <map>
#include <vector>

#include "../base/bytes.h"

namespace hepcapd {

struct HeldSegment {
  std::vector<uint8_t> octets;
  uint32_t missing = 0;  // behind them, cut off by the snap length
  int64_t timeNs = 0;
};

class HeldSegments {
 public:
  // False when what is held at this position reaches as far.
  bool hold(uint64_t position, HeldSegment segment);

  bool empty() const { return segments_.empty(); }
  uint64_t firstPosition() const { return segments_.begin()->first; }
  int64_t firstTimeNs() const { return segments_.begin()->second.timeNs; }
  HeldSegment takeFirst();

  // Memory, what the containers need included: segments may have one octet each.
  size_t held() const { return held_; }

 private:
  std::map<uint64_t, HeldSegment> segments_;
  size_t held_ = 0;
};

}  // namespace hepcapd
