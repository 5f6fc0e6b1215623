// However a stream is cut and however often the sink refuses, the framer gives what it gives for one piece.
//
// Input: one octet N, N octets that steer the cuts, then the stream. A steering octet is the size of the
// next segment in its low seven bits; its top bit makes the sink refuse what that segment completes.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "hep/stream.h"

using namespace hepcapd;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::vector<std::string> packets;
  HepFault fault = HepFault::none;
  size_t delivered = 0;  // octets that came out as packets
  bool operator==(const Outcome&) const = default;
};

Outcome finished(const StreamFramer& framer, std::vector<std::string> packets, size_t used) {
  size_t octets = 0;
  for (const std::string& packet : packets) octets += packet.size();
  require(octets == used - framer.pending());
  return {std::move(packets), framer.fault(), octets};
}

Outcome atOnce(Bytes stream) {
  StreamFramer framer;
  std::vector<std::string> packets;
  const size_t used = framer.feed(stream, [&](Bytes packet) {
    packets.emplace_back(packet.text());
    return true;
  });
  require(used == stream.size || framer.fault() != HepFault::none);
  return finished(framer, std::move(packets), used);
}

// Feeds a copy that ends where the segment ends, so that a read beyond it is seen.
size_t feedCopy(StreamFramer& framer, Bytes segment, bool refuse, std::vector<std::string>& packets) {
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[segment.size]);
  std::memcpy(copy.get(), segment.data, segment.size);
  return framer.feed({copy.get(), segment.size}, [&](Bytes packet) {
    if (!refuse) packets.emplace_back(packet.text());
    return !refuse;
  });
}

Outcome inPieces(Bytes stream, Bytes steering) {
  StreamFramer framer;
  std::vector<std::string> packets;
  size_t used = 0, step = 0;
  bool refused = false;
  while (used < stream.size && framer.fault() == HepFault::none) {
    const uint8_t octet = steering[step++ % steering.size];
    const Bytes segment = stream.from(used).first(octet & 0x7f ? octet & 0x7f : 1000);
    const bool refuse = (octet & 0x80) != 0 && !refused;
    const size_t taken = feedCopy(framer, segment, refuse, packets);
    refused = refuse;
    require(taken == segment.size || refuse || framer.fault() != HepFault::none);
    used += taken;
  }
  return finished(framer, std::move(packets), used);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const Bytes input{octets, size};
  if (input.empty() || input.size < 1 + size_t{input[0]} || input[0] == 0) return 0;
  const Bytes steering = input.from(1).first(input[0]);
  const Bytes stream = input.from(1 + steering.size);
  require(atOnce(stream) == inPieces(stream, steering));
  return 0;
}
