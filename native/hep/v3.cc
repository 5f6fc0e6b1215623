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
#include "chunks.h"
#include "wire.h"

namespace hepcapd::wire {
namespace {

constexpr unsigned kLastSlot = unsigned(ChunkType::correlation);
constexpr uint32_t bit(ChunkType type) { return chunkBit(unsigned(type)); }

// These keep the first of several, as a list that is searched from its head; the others keep the last.
constexpr uint32_t kFirstWins = bit(ChunkType::authKey) | bit(ChunkType::correlation);

struct Widths {
  uint8_t of[kLastSlot + 1] = {};
  constexpr Widths() {
    for (const ChunkDescription& chunk : kChunks) {
      if (chunk.type <= ChunkType::agentId) of[unsigned(chunk.type)] = chunkWidth(chunk.kind);
    }
  }
};
constexpr Widths kWidths;

// Where the generic chunks lie. A slot means something only when its bit is present.
struct Slots {
  Bytes of[kLastSlot + 1];
  Bytes extraCorrelation;
  uint32_t present = 0;
  bool compressed = false;

  const uint8_t* at(ChunkType type) const { return present & bit(type) ? of[unsigned(type)].data : nullptr; }
};

bool keep(unsigned type, Bytes data, Slots& slots) {
  const uint8_t width = kWidths.of[type];
  if (width != 0 && data.size != width) return false;
  const uint32_t seen = chunkBit(type);
  if (seen & kFirstWins & slots.present) return true;
  // 0x000f and 0x0010 are two spellings of one thing: the last of either is the payload.
  if (seen & (bit(ChunkType::payload) | bit(ChunkType::compressedPayload))) {
    slots.compressed = type == unsigned(ChunkType::compressedPayload);
    slots.of[unsigned(ChunkType::payload)] = data;
  } else {
    slots.of[type] = data;
  }
  slots.present |= seen;
  return true;
}

bool walk(Bytes chunks, Slots& slots) {
  const uint8_t* at = chunks.begin();
  while (at != chunks.end()) {
    const size_t left = size_t(chunks.end() - at);
    if (left < kChunkHeaderSize) return false;
    const size_t length = readU16(at + 4);
    if (length < kChunkHeaderSize || length > left) return false;
    const Bytes data{at + kChunkHeaderSize, at + length};
    const uint32_t id = readU32(at);  // vendor and type at once: vendor 0 leaves the type alone
    if (id - 1 < kLastSlot) {
      if (!keep(id, data, slots)) return false;
    } else if (id == uint32_t(ChunkType::extraCorrelation) && slots.extraCorrelation.data == nullptr) {
      slots.extraCorrelation = data;
    }
    at += length;
  }
  return true;
}

// The ends (1 the source, 2 the destination) that have an address of a family.
unsigned ipv4Ends(uint32_t present) { return present >> unsigned(ChunkType::sourceIpv4) & 3; }
unsigned ipv6Ends(uint32_t present) { return present >> unsigned(ChunkType::sourceIpv6) & 3; }

Address ipv4At(const uint8_t* at) { return at ? Address::ipv4(at) : Address{}; }
Address ipv6At(const uint8_t* at) { return at ? Address::ipv6(at) : Address{}; }

// A usable family chunk picks the pair. Without one the address chunks decide, if they agree.
HepFault chooseFamily(const Slots& slots, HepPacket& out) {
  const uint8_t* octet = slots.at(ChunkType::family);
  const unsigned ipv4 = ipv4Ends(slots.present), ipv6 = ipv6Ends(slots.present);
  out.family = octet ? familyOf(*octet) : Family::none;
  if (out.family == Family::none) {
    if (ipv4 && ipv6) return HepFault::familyContradiction;
    if (octet || ipv4 || ipv6) out.notes |= kNoteUnknownFamily;
    if (ipv4 || ipv6) out.family = ipv4 ? Family::ipv4 : Family::ipv6;
    return HepFault::none;
  }
  // An end that is known in the other family only would be lost, so one of the chunks is not true.
  const unsigned lost = out.family == Family::ipv4 ? ipv6 & ~ipv4 : ipv4 & ~ipv6;
  return lost ? HepFault::familyContradiction : HepFault::none;
}

void readAddresses(const Slots& slots, HepPacket& out) {
  if (out.family == Family::ipv4) {
    out.source = ipv4At(slots.at(ChunkType::sourceIpv4));
    out.destination = ipv4At(slots.at(ChunkType::destinationIpv4));
  } else {
    out.source = ipv6At(slots.at(ChunkType::sourceIpv6));
    out.destination = ipv6At(slots.at(ChunkType::destinationIpv6));
  }
}

void readNumbers(const Slots& slots, HepPacket& out) {
  if (const uint8_t* at = slots.at(ChunkType::protocol)) out.protocol = *at;
  if (const uint8_t* at = slots.at(ChunkType::sourcePort)) out.sourcePort = readU16(at);
  if (const uint8_t* at = slots.at(ChunkType::destinationPort)) out.destinationPort = readU16(at);
  if (const uint8_t* at = slots.at(ChunkType::seconds)) out.seconds = readU32(at);
  if (const uint8_t* at = slots.at(ChunkType::microseconds)) out.microseconds = readU32(at);
  if (const uint8_t* at = slots.at(ChunkType::protocolType)) out.type = *at;
  if (const uint8_t* at = slots.at(ChunkType::agentId)) out.agentId = readU32(at);
}

void readOctets(const Slots& slots, HepPacket& out) {
  out.payload = slots.of[unsigned(ChunkType::payload)];
  out.correlation = slots.of[unsigned(ChunkType::correlation)];
  out.authKey = slots.of[unsigned(ChunkType::authKey)];
  out.extraCorrelation = slots.extraCorrelation;
  if (slots.compressed) out.notes |= kNoteCompressed;
}

}  // namespace

HepFault parseV3(Bytes packet, HepPacket& out) {
  if (packet.size < kHeaderSize) return HepFault::tooShort;
  const size_t total = readU16(packet.data + kMagicSize);
  if (total < kHeaderSize || total > packet.size) return HepFault::badLength;

  Slots slots;
  if (!walk(packet.first(total).from(kHeaderSize), slots)) return HepFault::badChunkLength;
  if (const HepFault fault = chooseFamily(slots, out); fault != HepFault::none) return fault;
  out.version = 3;
  out.present = slots.present;
  if (total < packet.size) out.notes |= kNoteTrailingOctets;
  readAddresses(slots, out);
  readNumbers(slots, out);
  readOctets(slots, out);
  return HepFault::none;
}

}  // namespace hepcapd::wire
