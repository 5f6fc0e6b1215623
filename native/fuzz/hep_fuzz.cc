// Any octets as one datagram: parseHep() answers, what it points at lies inside, and a compressed payload
// stays within its room.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "hep/inflate.h"
#include "hep/packet.h"

using namespace hepcapd;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool inside(Bytes part, Bytes whole) {
  return part.data == nullptr || (part.begin() >= whole.begin() && part.end() <= whole.end());
}

void checkVersion(const HepPacket& hep) {
  if (hep.version == 3) {
    require((hep.notes & (kNoteHeaderLength | kNoteBigEndianTime)) == 0);
    return;
  }
  require(hep.version == 1 || hep.version == 2);
  require(hep.family != Family::none && hep.source.family == hep.family);
  require(hep.destination.family == hep.family);
  require(hep.type == 1);
  require(hep.payload.empty() || hep.payload[hep.payload.size - 1] != 0);
}

void check(const HepPacket& hep, Bytes packet) {
  for (Bytes part : {hep.payload, hep.correlation, hep.extraCorrelation, hep.authKey})
    require(inside(part, packet));
  require((hep.present & ~0x3fffeu) == 0);
  require(hep.payload.empty() || (hep.present & (chunkBit(15) | chunkBit(16))) != 0);
  require(hep.family == Family::none || hep.family == Family::ipv4 || hep.family == Family::ipv6);
  for (const Address& address : {hep.source, hep.destination})
    require(address.family == Family::none || address.family == hep.family);
  checkVersion(hep);
}

void inflateInto(size_t capacity, Bytes compressed) {
  static Inflater inflater;
  const std::unique_ptr<uint8_t[]> room(new uint8_t[capacity]);
  const Inflated answer = inflater.inflate(compressed, room.get(), capacity);
  require(answer.size <= capacity);
  require(answer.result == InflateResult::ok || answer.size == 0);
}

void run(Bytes packet) {
  HepPacket hep;
  if (parseHep(packet, hep) != HepFault::none) return;
  check(hep, packet);
  if ((hep.notes & kNoteCompressed) == 0) return;
  for (size_t capacity : {size_t{0}, size_t{100}, size_t{65535}}) inflateInto(capacity, hep.payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  run({octets, size});
  // Once more with the total made right, which mutations seldom leave so.
  if (size < 6 || size > 65535) return 0;
  const std::unique_ptr<uint8_t[]> repaired(new uint8_t[size]);
  std::memcpy(repaired.get(), octets, size);
  repaired[4] = uint8_t(size >> 8);
  repaired[5] = uint8_t(size);
  run({repaired.get(), size});
  return 0;
}
