// HEP version 3: a header and then chunks, back to back, until the announced total is used up.
//
//    0               4        6               8               10              12
//   +---------------+--------+---------------+---------------+---------------+------------------+
//   | HEP3 or EEP3  | total  | vendor        | type          | length        | data             |
//   +---------------+--------+---------------+---------------+---------------+------------------+
//                     ^ of all                                 ^ with these six octets
//
// Everything is big-endian. The walk checks lengths and remembers where each chunk lies; only a packet that
// passed whole is read. A chunk of a vendor is stepped over and never looked into.
#include <algorithm>
#include <iterator>

#include "chunks.h"
#include "wire.h"

namespace hepcapd::wire {
namespace {

constexpr unsigned kLastSlot = unsigned(ChunkType::correlation);
constexpr uint32_t bit(ChunkType type) { return chunkBit(unsigned(type)); }

// Octets that a chunk must have, with its header. What may have any number has a size that no chunk has.
constexpr uint32_t kAnySize = 1 << 16;
struct Expected {
  uint32_t size = kAnySize;
  uint32_t bit = 0;
};
struct ExpectedOf {
  Expected of[kLastSlot + 1];
  constexpr ExpectedOf() {
    for (unsigned type = 1; type <= kLastSlot; type++) of[type].bit = chunkBit(type);
    for (const ChunkDescription& chunk : kChunks) {
      if (chunk.type <= ChunkType::agentId)
        of[unsigned(chunk.type)].size = kChunkHeaderSize + chunkWidth(chunk.kind);
    }
  }
};
constexpr ExpectedOf kExpected;

// An absent number reads as zeros, so that reading needs no question.
constexpr uint8_t kAbsent[16] = {};

// Where the data of each generic chunk lies.
struct Slots {
  const uint8_t* of[kLastSlot + 1];
  const uint8_t* extraCorrelation = nullptr;
  uint32_t present = 0;

  Slots() { std::fill(std::begin(of), std::end(of), kAbsent); }
  bool has(ChunkType type) const { return present & bit(type); }
  const uint8_t* at(ChunkType type) const { return of[unsigned(type)]; }
};

// Of several of these the first counts, as where one searches a list of chunks; of the others the last.
constexpr uint32_t kFirstWins = bit(ChunkType::authKey) | bit(ChunkType::correlation);

bool walk(Bytes chunks, Slots& slots) {
  uint32_t present = 0;
  const uint8_t* at = chunks.begin();
  size_t left = chunks.size;
  while (left >= kChunkHeaderSize) {
    const uint32_t id = readU32(at);  // vendor and type at once: vendor 0 leaves the type alone
    const size_t length = readU16(at + 4);
    if (length > left) return false;
    const uint8_t* const data = at + kChunkHeaderSize;
    if (id - 1 < kLastSlot) {
      const Expected& expected = kExpected.of[id];
      if (expected.size == length) [[likely]] {
        slots.of[id] = data;
      } else {
        if (expected.size != kAnySize || length < kChunkHeaderSize) return false;
        if (!(expected.bit & present & kFirstWins)) slots.of[id] = data;
      }
      present |= expected.bit;
    } else {
      if (length < kChunkHeaderSize) return false;
      if (id == uint32_t(ChunkType::extraCorrelation) && slots.extraCorrelation == nullptr)
        slots.extraCorrelation = data;
    }
    at += length;
    left -= length;
  }
  slots.present = present;
  return left == 0;
}

// The data that starts here: its length stands in the two octets before.
Bytes dataAt(const uint8_t* at) { return {at, size_t(readU16(at - 2)) - kChunkHeaderSize}; }
Bytes dataOf(ChunkType type, const Slots& slots) {
  return slots.has(type) ? dataAt(slots.at(type)) : Bytes{};
}

// A usable family chunk picks the pair. Without one the address chunks decide, if they agree.
HepFault chooseFamily(const Slots& slots, HepPacket& out) {
  // The ends (1 the source, 2 the destination) that have an address of a family.
  const unsigned ipv4 = slots.present >> unsigned(ChunkType::sourceIpv4) & 3;
  const unsigned ipv6 = slots.present >> unsigned(ChunkType::sourceIpv6) & 3;
  out.family = familyOf(*slots.at(ChunkType::family));
  if (out.family == Family::none) {
    if (ipv4 && ipv6) return HepFault::familyContradiction;
    if (slots.has(ChunkType::family) || ipv4 || ipv6) out.notes |= kNoteUnknownFamily;
    if (ipv4 || ipv6) out.family = ipv4 ? Family::ipv4 : Family::ipv6;
    return HepFault::none;
  }
  // An end that is known in the other family only would be lost, so one of the chunks is not true.
  const unsigned lost = out.family == Family::ipv4 ? ipv6 & ~ipv4 : ipv4 & ~ipv6;
  return lost ? HepFault::familyContradiction : HepFault::none;
}

void readAddress(const Slots& slots, ChunkType type, Family family, Address& address) {
  address = Address{};
  if (slots.has(type)) place(slots.at(type), family, address);
}

void readAddresses(const Slots& slots, HepPacket& out) {
  const bool ipv4 = out.family == Family::ipv4;
  readAddress(slots, ipv4 ? ChunkType::sourceIpv4 : ChunkType::sourceIpv6, out.family, out.source);
  readAddress(slots, ipv4 ? ChunkType::destinationIpv4 : ChunkType::destinationIpv6, out.family,
              out.destination);
}

void readNumbers(const Slots& slots, HepPacket& out) {
  out.protocol = *slots.at(ChunkType::protocol);
  out.type = *slots.at(ChunkType::protocolType);
  out.sourcePort = readU16(slots.at(ChunkType::sourcePort));
  out.destinationPort = readU16(slots.at(ChunkType::destinationPort));
  out.seconds = readU32(slots.at(ChunkType::seconds));
  out.microseconds = readU32(slots.at(ChunkType::microseconds));
  out.agentId = readU32(slots.at(ChunkType::agentId));
}

// 0x000f and 0x0010 are two spellings of one thing: the last of either is the payload.
ChunkType payloadType(const Slots& slots) {
  if (!slots.has(ChunkType::compressedPayload)) return ChunkType::payload;
  const bool plainLast =
      slots.has(ChunkType::payload) && slots.at(ChunkType::payload) > slots.at(ChunkType::compressedPayload);
  return plainLast ? ChunkType::payload : ChunkType::compressedPayload;
}

void readOctets(const Slots& slots, HepPacket& out) {
  const ChunkType payload = payloadType(slots);
  if (payload == ChunkType::compressedPayload) out.notes |= kNoteCompressed;
  out.payload = dataOf(payload, slots);
  out.correlation = dataOf(ChunkType::correlation, slots);
  out.authKey = dataOf(ChunkType::authKey, slots);
  out.extraCorrelation = slots.extraCorrelation ? dataAt(slots.extraCorrelation) : Bytes{};
}

}  // namespace

// Assigns every field of `out`, in place of clearing it first.
HepFault parseV3(Bytes packet, HepPacket& out) {
  if (packet.size < kHeaderSize) return HepFault::tooShort;
  const size_t total = readU16(packet.data + kMagicSize);
  if (total < kHeaderSize || total > packet.size) return HepFault::badLength;

  Slots slots;
  if (!walk(packet.first(total).from(kHeaderSize), slots)) return HepFault::badChunkLength;
  out.version = 3;
  out.notes = total < packet.size ? kNoteTrailingOctets : 0;
  out.present = slots.present;
  if (const HepFault fault = chooseFamily(slots, out); fault != HepFault::none) return fault;
  readAddresses(slots, out);
  readNumbers(slots, out);
  readOctets(slots, out);
  return HepFault::none;
}

}  // namespace hepcapd::wire

namespace hepcapd {

void wipeAuthKeys(uint8_t* packet) {
  using namespace wire;
  const size_t total = readU16(packet + kMagicSize);
  for (size_t at = kHeaderSize, length; at < total; at += length) {
    uint8_t* const chunk = packet + at;
    length = readU16(chunk + 4);
    if (readU32(chunk) == uint32_t(ChunkType::authKey)) {
      std::memset(chunk + kChunkHeaderSize, 0, length - kChunkHeaderSize);
    }
  }
}

}  // namespace hepcapd
