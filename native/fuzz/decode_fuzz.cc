// Any octets as a frame of any link type: the payload that comes out lies within them, and nothing is kept of
// what is no fragment.
#include <cstdlib>

#include "decode/dissector.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  static constexpr uint32_t kLinkTypes[] = {0, 1, 101, 108, 113, 276, 9, 50, 51, 104, 219};
  if (size == 0) return 0;
  const hepcapd::Bytes frame = hepcapd::Bytes(octets, size).from(1);
  hepcapd::Dissector dissector;
  hepcapd::Segment out;
  const auto refusal =
      dissector.dissect({kLinkTypes[octets[0] % std::size(kLinkTypes)], 1, frame, uint32_t(frame.size)}, out);
  const hepcapd::DissectorCounters& counters = dissector.counters();
  if (counters.heldDatagrams > 0 && refusal != hepcapd::Refusal::fragmentHeld) std::abort();
  if (refusal != hepcapd::Refusal::none || counters.completed > 0) return 0;
  if (out.payload.begin() < frame.begin() || out.payload.end() > frame.end()) std::abort();
  return 0;
}
