#include "held_segments.h"

namespace hepcapd {
namespace {

constexpr size_t kOverhead = 128;  // of a node of the map and two allocations

size_t cost(const HeldSegment& segment) { return kOverhead + segment.octets.capacity(); }

}  // namespace

bool HeldSegments::hold(uint64_t position, HeldSegment segment) {
  HeldSegment& here = segments_[position];
  const bool isNew = here.octets.empty() && here.missing == 0;
  if (!isNew && here.octets.size() >= segment.octets.size()) return false;
  if (!isNew) held_ -= cost(here);
  here = std::move(segment);
  held_ += cost(here);
  return true;
}

HeldSegment HeldSegments::takeFirst() {
  HeldSegment first = std::move(segments_.begin()->second);
  held_ -= cost(first);
  segments_.erase(segments_.begin());
  return first;
}

}  // namespace hepcapd
