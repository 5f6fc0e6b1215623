// The parts of StreamFramer that do not depend on the sink.
#include "stream.h"

#include <algorithm>

#include "wire.h"

namespace hepcapd {
namespace {

// A tail buffer up to this size is kept between packets; a larger one is given back, since a connection can
// be idle for days.
constexpr size_t kKeptCapacity = 4096;

}  // namespace

// The next whole packet, which lies in `rest` or in the tail. Empty: all of `rest` is in the tail, or
// fault() is set.
Bytes StreamFramer::next(Bytes rest) {
  if (fault_ != HepFault::none) return {};
  if (!tail_.empty()) return completeTail(rest);
  const size_t total = totalOf(rest);
  if (fault_ != HepFault::none) return {};
  if (total != 0 && rest.size >= total) return rest.first(total);
  append(rest, total);
  return {};
}

Bytes StreamFramer::completeTail(Bytes rest) {
  if (tail_.size() < wire::kHeaderSize) {
    const Bytes missing = rest.first(wire::kHeaderSize - tail_.size());
    append(missing, 0);
    rest = rest.from(missing.size);
  }
  const size_t total = totalOf({tail_.data(), tail_.size()});
  if (total == 0) return {};
  append(rest.first(total - tail_.size()), total);
  return tail_.size() == total ? Bytes{tail_.data(), total} : Bytes{};
}

// The announced length of the packet that starts here; 0 while it is not known. Sets fault_ as soon as one
// octet of the header is wrong.
size_t StreamFramer::totalOf(Bytes start) {
  if (!wire::mayStartV3(start)) {
    fault_ = HepFault::badMagic;
    return 0;
  }
  if (start.size < wire::kHeaderSize) return 0;
  const size_t total = readU16(start.data + wire::kMagicSize);
  if (total >= wire::kHeaderSize) return total;
  fault_ = HepFault::badLength;
  return 0;
}

// Grows with what has arrived, never with what was announced: a header costs its sender more than six octets.
void StreamFramer::append(Bytes octets, size_t total) {
  const size_t needed = tail_.size() + octets.size;
  if (needed > tail_.capacity()) {
    const size_t limit = std::max(total, wire::kHeaderSize);
    tail_.reserve(std::max(needed, std::min(limit, tail_.capacity() * 2)));
  }
  tail_.insert(tail_.end(), octets.begin(), octets.end());
}

void StreamFramer::dropTail() {
  tail_.clear();
  if (tail_.capacity() > kKeptCapacity) std::vector<uint8_t>().swap(tail_);
}

}  // namespace hepcapd
