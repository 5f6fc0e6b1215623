#include "filing.h"

#include "json_member.h"

namespace hepcapd {
namespace {

constexpr uint8_t kTypeSip = 1;

bool isSip(const HepPacket& hep, Bytes payload) {
  if (hep.version < 3) return true;
  return carries(hep, ChunkType::protocolType) ? hep.type == kTypeSip : looksLikeSip(payload);
}

void putAddress(const Address& address, uint8_t (&octets)[16], uint8_t& family) {
  std::memcpy(octets, address.octets.data(), sizeof octets);
  family = uint8_t(address.family);
}

}  // namespace

const char* oddityName(Oddity oddity) {
  switch (oddity) {
    case Oddity::hepHeaderLength:
      return "hep_header_length";
    case Oddity::hepBigEndianTime:
      return "hep_big_endian_time";
    case Oddity::hepTrailingOctets:
      return "hep_trailing_octets";
    case Oddity::hepUnknownFamily:
      return "hep_unknown_family";
    case Oddity::hepNoPayload:
      return "hep_no_payload";
    case Oddity::inflateFailed:
      return "inflate_failed";
    case Oddity::inflateTooLarge:
      return "inflate_too_large";
    case Oddity::sipUnreadable:
      return "sip_unreadable";
    case Oddity::sipBeyondReach:
      return "sip_beyond_reach";
    case Oddity::sipBadHeader:
      return "sip_bad_header";
    case Oddity::count:
      break;
  }
  return "";
}

// One message on its way into a slab.
struct Filing::Entry {
  const HepPacket& hep;
  const uint8_t* packet;  // where the packet was when `hep` was read from it
  uint8_t* to;            // where it is now
  Record& record;
  size_t octets;  // written at `to` so far

  // The slab's copy of octets that `hep` points at.
  SlabSpan span(Bytes part) const {
    return {record.packet.offset + uint32_t(part.data - packet), uint32_t(part.size)};
  }
  SlabSpan appended(size_t size) {
    const SlabSpan span{record.packet.offset + uint32_t(octets), uint32_t(size)};
    octets += size;
    return span;
  }
};

namespace {

void fillNumbers(const HepPacket& hep, const Arrival& arrival, Record& record) {
  record.arrivalUs = arrival.timeUs;
  record.microTs = arrival.timeUs;
  if (carries(hep, ChunkType::seconds)) {
    record.microTs = int64_t(hep.seconds) * 1'000'000 + hep.microseconds;
    record.flags |= kRecordHasTime;
  }
  if (carries(hep, ChunkType::agentId)) record.flags |= kRecordHasAgent;
  record.agentId = hep.agentId;
  putAddress(hep.source, record.source, record.sourceFamily);
  putAddress(hep.destination, record.destination, record.destinationFamily);
  putAddress(arrival.sender, record.sender, record.senderFamily);
  putAddress(arrival.receiver, record.receiver, record.receiverFamily);
  record.sourcePort = hep.sourcePort;
  record.destinationPort = hep.destinationPort;
  record.senderPort = arrival.senderPort;
  record.hepVersion = hep.version;
  record.family = uint8_t(hep.family);
  record.protocol = hep.protocol;
  record.protocolType = hep.type;
}

}  // namespace

// Unescaped correlation text stands behind the packet, and is never longer than the chunk.
size_t Filing::bound(const HepPacket& hep, Bytes packet) {
  const bool compressed = (hep.notes & kNoteCompressed) != 0;
  return packet.size + hep.extraCorrelation.size + (compressed ? kInflateBound : 0);
}

void Filing::append(Slab& slab, const HepPacket& hep, Bytes packet, const Arrival& arrival, KeyIs key) {
  Entry entry{hep, packet.data, slab.tail(), slab.nextRecord(), packet.size};
  std::memcpy(entry.to, packet.data, packet.size);
  if (key == KeyIs::ours) wipeAuthKeys(entry.to);
  entry.record = Record{};
  entry.record.packet = {slab.used(), uint32_t(packet.size)};
  fillNumbers(hep, arrival, entry.record);
  readPayload(entry);
  if (isSip(hep, slab.bytes(entry.record.payload.offset, entry.record.payload.length)))
    readSip(slab, entry.record);
  correlate(entry);
  noteHep(hep);
  slab.commit(entry.octets);
}

// The payload where it lies in the copied packet, or inflated behind it.
void Filing::readPayload(Entry& entry) {
  const Bytes payload = entry.hep.payload;
  if (payload.data != nullptr) entry.record.payload = entry.span(payload);
  if (!(entry.hep.notes & kNoteCompressed)) return;
  const Inflated inflated = inflater_.inflate(payload, entry.to + entry.octets, kInflateBound);
  if (inflated.result == InflateResult::ok) {
    entry.record.flags |= kRecordInflated;
    entry.record.payload = entry.appended(inflated.size);
  } else {
    entry.record.flags |= kRecordInflateFailed;
    note(inflated.result == InflateResult::tooLarge ? Oddity::inflateTooLarge : Oddity::inflateFailed);
  }
}

// Behind a payload there is the record of its row, at least.
static_assert(sizeof(Record) >= kSipPadding);

void Filing::readSip(const Slab& slab, Record& record) {
  SipMessage sip;
  parseSip(slab.bytes(record.payload.offset, record.payload.length), sip);
  record.flags |= kRecordSip | (sip.notes & kSipFolded ? uint32_t(kRecordFolded) : 0u);
  record.sipKind = sip.kind;
  record.status = sip.status;
  record.contactPort = sip.contactPort;
  record.originatorPort = sip.originatorPort;
  std::memcpy(record.sip, sip.fields, sizeof record.sip);
  if (sip.kind == kSipUnreadable) note(Oddity::sipUnreadable);
  if (sip.notes & kSipBeyondReach) note(Oddity::sipBeyondReach);
  if (sip.notes & kSipBadHeader) note(Oddity::sipBadHeader);
}

namespace {

void correlateBySip(Record& record) {
  const Span& xCid = record.sip[size_t(SipField::xCid)];
  const Span& span = xCid.empty() ? record.sip[size_t(SipField::callId)] : xCid;
  record.correlation = {record.payload.offset + span.offset, span.length};
}

}  // namespace

void Filing::append(Slab& slab, const CapturedMessage& message) {
  std::memcpy(slab.tail(), message.payload.data, message.payload.size);
  Record& record = slab.nextRecord();
  record = Record{};
  record.packet = record.payload = {slab.used(), uint32_t(message.payload.size)};
  record.microTs = record.arrivalUs = message.timeUs;
  record.flags = kRecordHasTime;
  putAddress(message.source, record.source, record.sourceFamily);
  putAddress(message.destination, record.destination, record.destinationFamily);
  record.sourcePort = message.sourcePort;
  record.destinationPort = message.destinationPort;
  record.family = uint8_t(message.source.family);
  record.protocol = message.protocol;
  record.protocolType = kTypeSip;
  readSip(slab, record);
  correlateBySip(record);
  slab.commit(message.payload.size);
}

void Filing::correlate(Entry& entry) {
  Record& record = entry.record;
  if (!entry.hep.correlation.empty()) {
    record.correlation = entry.span(entry.hep.correlation);
    return;
  }
  const Bytes extra = entry.hep.extraCorrelation;
  if (!extra.empty()) {
    record.correlation = entry.appended(unescapeJson(jsonMember(extra, "sip"), entry.to + entry.octets));
  }
  if (record.correlation.length == 0) correlateBySip(record);
}

void Filing::noteHep(const HepPacket& hep) {
  if (hep.notes & kNoteHeaderLength) note(Oddity::hepHeaderLength);
  if (hep.notes & kNoteBigEndianTime) note(Oddity::hepBigEndianTime);
  if (hep.notes & kNoteTrailingOctets) note(Oddity::hepTrailingOctets);
  if (hep.notes & kNoteUnknownFamily) note(Oddity::hepUnknownFamily);
  if (hep.payload.data == nullptr) note(Oddity::hepNoPayload);
}

}  // namespace hepcapd
