// HEP versions 1 and 2: one fixed header, then the payload up to the end of the datagram.
//
//    0       1       2       3       4               6               8
//   +-------+-------+-------+-------+---------------+---------------+------------------------+
//   |version|header |family |proto- |  source port  |  destination  | source, destination    |
//   |       |length |       | col   |               |     port      | address: 4 or 16 each  |
//   +-------+-------+-------+-------+---------------+---------------+------------------------+
//   v2 adds:|         seconds       |          microseconds         | agent id | padding (2) |
//           +-----------------------+-------------------------------+------------------------+
//
// Ports are big-endian. What v2 adds is a C structure in the sender's own order, padding included, and the
// header-length octet never counts it. That octet is wrong in the field, so it decides nothing.
#include "chunks.h"
#include "wire.h"

namespace hepcapd::wire {
namespace {

constexpr size_t kAddressesAt = 8;
constexpr size_t kExtensionSize = 12;

constexpr size_t headerSize(Family family) { return kAddressesAt + (family == Family::ipv4 ? 8 : 32); }
constexpr uint32_t bit(ChunkType type) { return chunkBit(unsigned(type)); }

constexpr uint32_t kCommonBits = bit(ChunkType::family) | bit(ChunkType::protocol) |
                                 bit(ChunkType::sourcePort) | bit(ChunkType::destinationPort) |
                                 bit(ChunkType::payload);
constexpr uint32_t kIpv4Bits = bit(ChunkType::sourceIpv4) | bit(ChunkType::destinationIpv4);
constexpr uint32_t kIpv6Bits = bit(ChunkType::sourceIpv6) | bit(ChunkType::destinationIpv6);
constexpr uint32_t kExtensionBits =
    bit(ChunkType::seconds) | bit(ChunkType::microseconds) | bit(ChunkType::agentId);

// HEP is younger than 2000, and 2100 is far enough: outside of that a time was read in the wrong order.
constexpr uint32_t kEarliest = 946'684'800;
constexpr uint32_t kLatest = 4'102'444'800;

bool plausible(uint32_t seconds, uint32_t microseconds) {
  return seconds >= kEarliest && seconds < kLatest && microseconds < 1'000'000;
}

// Nothing on the wire names the order. Little-endian is what nearly every sender has, so it yields only to a
// time that makes sense in no other way.
bool bigEndian(const uint8_t* at) {
  return !plausible(readU32Little(at), readU32Little(at + 4)) && plausible(readU32(at), readU32(at + 4));
}

void readExtension(const uint8_t* at, HepPacket& out) {
  const bool big = bigEndian(at);
  out.seconds = big ? readU32(at) : readU32Little(at);
  out.microseconds = big ? readU32(at + 4) : readU32Little(at + 4);
  out.agentId = big ? readU16(at + 8) : readU16Little(at + 8);
  out.present |= kExtensionBits;
  if (big) out.notes |= kNoteBigEndianTime;
}

void readAddresses(const uint8_t* at, HepPacket& out) {
  const bool ipv4 = out.family == Family::ipv4;
  place(at, out.family, out.source);
  place(at + (ipv4 ? 4 : 16), out.family, out.destination);
  out.present |= ipv4 ? kIpv4Bits : kIpv6Bits;
}

// OpenSIPS agents send 8 or 32 zero octets after each payload.
Bytes withoutTrailingNuls(Bytes payload) {
  while (payload.size > 0 && payload[payload.size - 1] == 0) payload.size--;
  return payload;
}

}  // namespace

HepFault parseV1V2(Bytes packet, HepPacket& out) {
  const uint8_t version = packet[0];
  const size_t extension = version == 2 ? kExtensionSize : 0;
  if (packet.size < headerSize(Family::ipv4) + extension) return HepFault::tooShort;
  const Family family = familyOf(packet[2]);
  if (family == Family::none) return HepFault::badFamily;
  const size_t header = headerSize(family);
  if (packet.size < header + extension) return HepFault::tooShort;

  out = HepPacket{};
  out.version = version;
  out.family = family;
  out.protocol = packet[3];
  out.type = 1;
  if (packet[1] != header) out.notes |= kNoteHeaderLength;
  out.sourcePort = readU16(packet.data + 4);
  out.destinationPort = readU16(packet.data + 6);
  out.present = kCommonBits;
  readAddresses(packet.data + kAddressesAt, out);
  if (version == 2) readExtension(packet.data + header, out);
  out.payload = withoutTrailingNuls(packet.from(header + extension));
  return HepFault::none;
}

}  // namespace hepcapd::wire
