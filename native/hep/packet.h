// One HEP packet of any version after its checks: numbers copied, octets pointed at.
//
// parseHep() never reads past `packet`, never writes it, never allocates, and touches every chunk once.
// Sources: HEP3 specification rev. 37 (chunk registry), and for v1 and v2 the layout that agents send:
// 16 or 40 octets, then in v2 twelve more (seconds, microseconds, agent id, padding) in the sender's order.
#pragma once

#include "../base/address.h"
#include "../base/bytes.h"

namespace hepcapd {

// Why a packet is refused whole. Each has a counter `hep/NAME`; see faultName().
enum class HepFault : uint8_t {
  none,
  tooShort,             // fewer octets than the header of its version, or nothing but the start of a magic
  badMagic,             // neither HEP3, EEP3, nor a v1 or v2 version octet
  badFamily,            // v1 or v2 with a family octet that is not an address family
  badLength,            // v3 total length under 6 or beyond the octets received
  badChunkLength,       // v3 chunk shorter than its header, longer than the packet, or of the wrong width
  familyContradiction,  // v3 whose family and address chunks cannot all be true
  count
};
const char* faultName(HepFault fault);  // "too_short", "bad_magic", ...

// What was odd and is tolerated: bits of HepPacket::notes, each a counter of its own.
enum HepNote : uint16_t {
  kNoteHeaderLength = 1 << 0,    // v1, v2: the header-length octet is wrong
  kNoteBigEndianTime = 1 << 1,   // v2: time and agent id read as big-endian, by plausibility
  kNoteTrailingOctets = 1 << 2,  // v3: octets after the announced total, ignored
  kNoteCompressed = 1 << 3,      // v3: the payload came in chunk 0x0010
  kNoteUnknownFamily = 1 << 4,   // v3: family chunk absent or odd, taken from the address chunks
};

// Presence bits: bit N is set when generic (vendor 0) chunk N was seen, for N in 1..17. v1 and v2 set the
// bits of the fields that they carry.
inline constexpr uint32_t chunkBit(unsigned type) { return 1u << type; }

struct HepPacket {
  uint8_t version = 0;  // 1, 2 or 3
  Family family = Family::none;
  uint8_t protocol = 0;  // IP protocol number as the wire has it (chunk 2)
  uint8_t type = 0;      // protocol type (chunk 11); 1 (SIP) for v1 and v2
  uint16_t notes = 0;    // HepNote bits
  uint32_t present = 0;  // chunkBit() bits
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  uint32_t seconds = 0;       // since the epoch; meaningful when chunkBit(9) is present
  uint32_t microseconds = 0;  // as sent, so it may exceed 999,999
  uint32_t agentId = 0;       // chunk 12
  Address source;
  Address destination;
  Bytes payload;           // chunk 15 or 16 as it came; v1 and v2: the rest without trailing NULs
  Bytes correlation;       // chunk 0x0011, the first one
  Bytes extraCorrelation;  // chunk 101 of vendor 0, the first one: JSON text
  Bytes authKey;           // chunk 0x000e, the first one
};

// `out` means something only when the answer is HepFault::none.
HepFault parseHep(Bytes packet, HepPacket& out);

// Puts zeros in place of every key (chunk 0x000e) of a version 3 packet that parseHep() has found good.
void wipeAuthKeys(uint8_t* packet);

}  // namespace hepcapd
