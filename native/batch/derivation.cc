#include "derivation.h"

#include <algorithm>

#include "custom_fields.h"

namespace hepcapd {
namespace {

Address addressOf(const uint8_t (&octets)[16], uint8_t family) {
  Address address;
  std::memcpy(address.octets.data(), octets, sizeof octets);
  address.family = Family(family);
  return address;
}

void assume(HepPacket& hep, ChunkType type) { hep.present |= chunkBit(unsigned(type)); }

// Chunk 10 may hold more than a second, so that the sum is not always in reach of chunk 9.
void inheritTime(const Record& from, HepPacket& hep) {
  if (!(from.flags & kRecordHasTime)) return;
  if (carries(hep, ChunkType::seconds)) {
    if (!carries(hep, ChunkType::microseconds)) hep.microseconds = uint32_t(from.microTs % 1'000'000);
    return;
  }
  hep.seconds = uint32_t(std::min<int64_t>(from.microTs / 1'000'000, UINT32_MAX));
  hep.microseconds = uint32_t(from.microTs - int64_t(hep.seconds) * 1'000'000);
  assume(hep, ChunkType::seconds);
}

void inheritAddresses(const Record& from, HepPacket& hep) {
  if (hep.source.family == Family::none) hep.source = addressOf(from.source, from.sourceFamily);
  if (hep.destination.family == Family::none)
    hep.destination = addressOf(from.destination, from.destinationFamily);
  if (hep.family == Family::none) hep.family = Family(from.family);
}

void inheritAgent(const Record& from, HepPacket& hep) {
  if (carries(hep, ChunkType::agentId) || !(from.flags & kRecordHasAgent)) return;
  hep.agentId = from.agentId;
  assume(hep, ChunkType::agentId);
}

// Type 0 is reserved: a record with it had no chunk 11, and its payload says what it is.
void inheritType(const Record& from, HepPacket& hep) {
  if (carries(hep, ChunkType::protocolType) || from.protocolType == 0) return;
  hep.type = from.protocolType;
  assume(hep, ChunkType::protocolType);
}

void inherit(const Record& from, HepPacket& hep) {
  inheritTime(from, hep);
  inheritAddresses(from, hep);
  inheritAgent(from, hep);
  inheritType(from, hep);
  if (!carries(hep, ChunkType::protocol)) hep.protocol = from.protocol;
  if (!carries(hep, ChunkType::sourcePort)) hep.sourcePort = from.sourcePort;
  if (!carries(hep, ChunkType::destinationPort)) hep.destinationPort = from.destinationPort;
}

HepFault parseEdited(Bytes packet, HepPacket& hep) {
  if (packet.size > kPacketBound) return HepFault::badLength;
  const HepFault fault = parseHep(packet, hep);
  if (fault != HepFault::none) return fault;
  return hep.version == 3 ? HepFault::none : HepFault::badMagic;
}

// Octets of one record on their way to another slab. Those that lie in the packet are copied with it, once.
struct Move {
  const Slab& from;
  const Record& source;
  Slab& to;
  SlabSpan packet;  // where it is now

  SlabSpan span(SlabSpan span) const {
    const SlabSpan& whole = source.packet;
    const bool inside =
        span.offset >= whole.offset && span.offset + span.length <= whole.offset + whole.length;
    if (inside) return {packet.offset + (span.offset - whole.offset), span.length};
    return to.append(from.bytes(span));
  }
  SlabSpan changed(const std::optional<Bytes>& change, SlabSpan own) const {
    return change ? to.append(*change) : span(own);
  }
};

}  // namespace

Derivation::~Derivation() {
  if (open_) pool_->release(seal());
}

Derived Derivation::edit(const Slab& from, uint32_t row, Bytes packet) {
  HepPacket hep;
  if (const HepFault fault = parseEdited(packet, hep); fault != HepFault::none)
    return Derived::refused(fault);
  const Record& source = from.record(row);
  inherit(source, hep);
  if (!openFor(from, Filing::bound(hep, packet) + source.custom.length)) return Derived::none();
  const SlabSpan custom = open_->append(from.bytes(source.custom));
  const Arrival arrival{source.arrivalUs, addressOf(source.sender, source.senderFamily), source.senderPort,
                        addressOf(source.receiver, source.receiverFamily)};
  Record& record = open_->nextRecord();
  filing_.append(*open_, hep, packet, arrival);
  record.custom = custom;
  return Derived::at(open_->rows() - 1);
}

Derived Derivation::copy(const Slab& from, uint32_t row, const RecordChanges& changes) {
  const Record& source = from.record(row);
  const size_t octets = size_t(source.packet.length) + source.payload.length +
                        changes.correlation.value_or(from.bytes(source.correlation)).size +
                        changes.custom.value_or(from.bytes(source.custom)).size;
  if (!openFor(from, octets)) return Derived::none();
  const Move move{from, source, *open_, open_->append(from.bytes(source.packet))};
  Record& record = open_->nextRecord();
  record = source;
  record.packet = move.packet;
  record.payload = move.span(source.payload);
  record.correlation = move.changed(changes.correlation, source.correlation);
  record.custom = move.changed(changes.custom, source.custom);
  record.protocolType = changes.protocolType.value_or(source.protocolType);
  open_->commit(0);
  return Derived::at(open_->rows() - 1);
}

bool Derivation::openFor(const Slab& from, size_t octets) {
  if (!open_) open_ = pool_->acquire(from.input());
  return open_ && open_->input() == from.input() && open_->room() >= octets;
}

}  // namespace hepcapd
