// How a message is filed: its octets are copied to the tail of a slab, parsed there, and become a record.
//
// Intake files what is received, Derivation what routes made of it. Room for the octets is the caller's duty;
// nothing here refuses a message.
#pragma once

#include <array>

#include "../hep/chunks.h"
#include "../hep/inflate.h"
#include "../hep/packet.h"
#include "slab.h"

namespace hepcapd {

// What was odd about messages that were taken all the same.
enum class Oddity : uint8_t {
  hepHeaderLength,
  hepBigEndianTime,
  hepTrailingOctets,
  hepUnknownFamily,
  hepNoPayload,
  inflateFailed,
  inflateTooLarge,
  sipUnreadable,
  sipBeyondReach,
  sipBadHeader,
  count
};
const char* oddityName(Oddity oddity);
using Oddities = std::array<uint64_t, size_t(Oddity::count)>;

// The bound on an inflated payload. A slab always has room for a packet, its inflated payload and a record.
inline constexpr size_t kInflateBound = size_t{1} << 20;
inline constexpr size_t kPacketBound = 65535;
inline constexpr size_t kSmallestSlab = size_t{2} << 20;

// How a packet came.
struct Arrival {
  int64_t timeUs = 0;  // kernel time stamp, microseconds since the epoch
  Address sender;
  uint16_t senderPort = 0;
  Address receiver = {};  // which of our addresses it came to, where that is known
};

// A message as it went over the wire, with no HEP around it.
struct CapturedMessage {
  Bytes payload;
  Address source;
  Address destination;
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  uint8_t protocol = 0;  // IP protocol number
  int64_t timeUs = 0;    // of the frame that completed it, microseconds since the epoch
};

inline bool carries(const HepPacket& hep, ChunkType type) { return hep.present & chunkBit(unsigned(type)); }

// Whose secret a packet's key is. One that opens our door is wiped out of what is filed, so that no route,
// relay or file ever has it.
enum class KeyIs : uint8_t { theirs, ours };

// Owned by the one that fills the slab, and used like it by one thread at a time.
class Filing {
 public:
  // Octets that append() may write.
  static size_t bound(const HepPacket& hep, Bytes packet);
  // `hep` was read from `packet`; what it points at lies there.
  void append(Slab& slab, const HepPacket& hep, Bytes packet, const Arrival& arrival,
              KeyIs key = KeyIs::theirs);
  void append(Slab& slab, const CapturedMessage& message);

  const Oddities& odd() const { return odd_; }

 private:
  struct Entry;
  void readPayload(Entry& entry);
  void readSip(const Slab& slab, Record& record);
  void correlate(Entry& entry);
  void note(Oddity oddity) { odd_[size_t(oddity)]++; }
  void noteHep(const HepPacket& hep);

  Inflater inflater_;
  Oddities odd_{};
};

}  // namespace hepcapd
