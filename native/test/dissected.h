// One frame through a Dissector, on guarded pages, with what came out of it.
#pragma once

#include "decode/dissector.h"
#include "frames.h"
#include "guarded.h"

namespace hepcapd::test {

struct Dissected {
  GuardedBytes input;
  Segment segment;
  Refusal refusal;

  explicit Dissected(const std::string& frame, uint32_t linkType = 1, const DissectorLimits& limits = {})
      : input(frame), dissector(limits) {
    refusal = dissector.dissect({linkType, 0, input.bytes(), uint32_t(frame.size())}, segment);
  }
  std::string_view text() const {
    return refusal == Refusal::none ? segment.payload.text() : refusalName(refusal);
  }

 private:
  Dissector dissector;
};

// Many frames through one Dissector: the answer to each is its payload, or the name of the refusal.
class Wire {
 public:
  explicit Wire(const DissectorLimits& limits = {}) : dissector_(limits) {}

  std::string operator()(const std::string& frame, int64_t timeNs = 0, uint32_t linkType = 101) {
    const GuardedBytes input(frame);
    const Refusal refusal =
        dissector_.dissect({linkType, timeNs, input.bytes(), uint32_t(frame.size())}, segment_);
    return std::string(refusal == Refusal::none ? segment_.payload.text() : refusalName(refusal));
  }
  const Segment& segment() const { return segment_; }
  const DissectorCounters& counters() const { return dissector_.counters(); }

 private:
  Dissector dissector_;
  Segment segment_;
};

}  // namespace hepcapd::test
