#include "intake.h"

#include "../hep/chunks.h"
#include "json_member.h"

namespace hepcapd {
namespace {

bool carries(const HepPacket& hep, ChunkType type) { return hep.present & chunkBit(unsigned(type)); }

constexpr uint8_t kTypeSip = 1;

// While fewer slabs than this wait for a sink, a slab is handed over for its age; else it is filled first.
constexpr size_t kSlabsInHand = 4;

Drop dropOf(HepFault fault) {
  switch (fault) {
    case HepFault::tooShort:
      return Drop::hepTooShort;
    case HepFault::badMagic:
      return Drop::hepBadMagic;
    case HepFault::badFamily:
      return Drop::hepBadFamily;
    case HepFault::badLength:
      return Drop::hepBadLength;
    case HepFault::badChunkLength:
      return Drop::hepBadChunkLength;
    default:
      return Drop::hepFamilyContradiction;
  }
}

bool isSip(const HepPacket& hep, Bytes payload) {
  if (hep.version < 3) return true;
  return carries(hep, ChunkType::protocolType) ? hep.type == kTypeSip : looksLikeSip(payload);
}

void putAddress(const Address& address, uint8_t (&octets)[16], uint8_t& family) {
  std::memcpy(octets, address.octets.data(), sizeof octets);
  family = uint8_t(address.family);
}

}  // namespace

const char* dropName(Drop drop) {
  switch (drop) {
    case Drop::queueFull:
      return "queue/full";
    case Drop::kernelReceiveBuffer:
      return "kernel/rxq_ovfl";
    case Drop::kernelRing:
      return "kernel/tp_drops";
    case Drop::hepTooShort:
      return "hep/too_short";
    case Drop::hepBadMagic:
      return "hep/bad_magic";
    case Drop::hepBadFamily:
      return "hep/bad_family";
    case Drop::hepBadLength:
      return "hep/bad_length";
    case Drop::hepBadChunkLength:
      return "hep/bad_chunk_length";
    case Drop::hepFamilyContradiction:
      return "hep/family_contradiction";
    case Drop::tcpBadMagic:
      return "tcp/bad_magic";
    case Drop::tcpBadLength:
      return "tcp/bad_length";
    case Drop::tcpIncomplete:
      return "tcp/incomplete";
    case Drop::tcpTimeout:
      return "tcp/timeout";
    case Drop::wsTextMessage:
      return "ws/text_message";
    case Drop::wsBadMessage:
      return "ws/bad_message";
    case Drop::wsBadFrame:
      return "ws/bad_frame";
    case Drop::wsTooLong:
      return "ws/too_long";
    case Drop::wsIncomplete:
      return "ws/incomplete";
    case Drop::wsTimeout:
      return "ws/timeout";
    case Drop::udpNotSipOrHep:
      return "udp/not_sip_or_hep";
    case Drop::udpHepOff:
      return "udp/hep_off";
    case Drop::udpKeepAlive:
      return "udp/keep_alive";
    case Drop::udpStun:
      return "udp/stun";
    case Drop::count:
      break;
  }
  return "";
}

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

Intake::Intake(uint32_t input, std::shared_ptr<SlabPool> pool, std::shared_ptr<Outbox> outbox,
               IntakeLimits limits)
    : input_(input), pool_(std::move(pool)), outbox_(std::move(outbox)), limits_(limits) {}

Intake::~Intake() {
  if (open_) pool_->release(pool_->seal(open_));
}

IntakeCounters Intake::counters() const {
  std::lock_guard lock(mutex_);
  return counters_;
}

bool Intake::accept(Bytes packet, const Arrival& arrival, bool mayWait) {
  HepPacket hep;
  const HepFault fault = parseHep(packet, hep);
  if (fault != HepFault::none) {
    counters_.received++;
    counters_.dropped[size_t(dropOf(fault))]++;
    return true;
  }
  const bool compressed = (hep.notes & kNoteCompressed) != 0;
  // Unescaped correlation text stands behind the packet, and is never longer than the chunk.
  const size_t octets = packet.size + hep.extraCorrelation.size + (compressed ? kInflateBound : 0);
  if (!openFor(octets, mayWait)) return !mayWait;
  append(hep, packet, arrival);
  count();
  return true;
}

bool Intake::accept(const CapturedMessage& message, bool mayWait) {
  if (!openFor(message.payload.size, mayWait)) return !mayWait;
  append(message);
  count();
  return true;
}

// False when there is no slab: that is a drop, unless the message will be offered again.
bool Intake::openFor(size_t octets, bool mayWait) {
  if (open_ && open_->room() < octets) seal();
  if (!open_) {
    open_ = pool_->acquire(input_);
    openedAt_ = Clock::now();
  }
  if (!open_ && !mayWait) {
    counters_.received++;
    counters_.dropped[size_t(Drop::queueFull)]++;
  }
  return open_ != nullptr;
}

// One more row stands in the open slab.
void Intake::count() {
  counters_.received++;
  counters_.accepted++;
  if (open_->rows() >= limits_.maxRows) seal();
}

// One message on its way into the open slab.
struct Intake::Filing {
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
  record.sourcePort = hep.sourcePort;
  record.destinationPort = hep.destinationPort;
  record.senderPort = arrival.senderPort;
  record.hepVersion = hep.version;
  record.family = uint8_t(hep.family);
  record.protocol = hep.protocol;
  record.protocolType = hep.type;
}

}  // namespace

void Intake::append(const HepPacket& hep, Bytes packet, const Arrival& arrival) {
  Filing filing{hep, packet.data, open_->tail(), open_->nextRecord(), packet.size};
  std::memcpy(filing.to, packet.data, packet.size);
  filing.record = Record{};
  filing.record.packet = {open_->used(), uint32_t(packet.size)};
  fillNumbers(hep, arrival, filing.record);
  readPayload(filing);
  if (isSip(hep, open_->bytes(filing.record.payload.offset, filing.record.payload.length)))
    readSip(filing.record);
  correlate(filing);
  noteHep(hep);
  open_->commit(filing.octets);
}

// The payload where it lies in the copied packet, or inflated behind it.
void Intake::readPayload(Filing& filing) {
  const Bytes payload = filing.hep.payload;
  if (payload.data != nullptr) filing.record.payload = filing.span(payload);
  if (!(filing.hep.notes & kNoteCompressed)) return;
  const Inflated inflated = inflater_.inflate(payload, filing.to + filing.octets, kInflateBound);
  if (inflated.result == InflateResult::ok) {
    filing.record.flags |= kRecordInflated;
    filing.record.payload = filing.appended(inflated.size);
  } else {
    filing.record.flags |= kRecordInflateFailed;
    note(inflated.result == InflateResult::tooLarge ? Oddity::inflateTooLarge : Oddity::inflateFailed);
  }
}

// Behind a payload there is the record of its row, at least.
static_assert(sizeof(Record) >= kSipPadding);

void Intake::readSip(Record& record) {
  SipMessage sip;
  parseSip(open_->bytes(record.payload.offset, record.payload.length), sip);
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

void Intake::append(const CapturedMessage& message) {
  std::memcpy(open_->tail(), message.payload.data, message.payload.size);
  Record& record = open_->nextRecord();
  record = Record{};
  record.packet = record.payload = {open_->used(), uint32_t(message.payload.size)};
  record.microTs = record.arrivalUs = message.timeUs;
  record.flags = kRecordHasTime;
  putAddress(message.source, record.source, record.sourceFamily);
  putAddress(message.destination, record.destination, record.destinationFamily);
  record.sourcePort = message.sourcePort;
  record.destinationPort = message.destinationPort;
  record.family = uint8_t(message.source.family);
  record.protocol = message.protocol;
  record.protocolType = kTypeSip;
  readSip(record);
  correlateBySip(record);
  open_->commit(message.payload.size);
}

void Intake::correlate(Filing& filing) {
  Record& record = filing.record;
  if (!filing.hep.correlation.empty()) {
    record.correlation = filing.span(filing.hep.correlation);
    return;
  }
  const Bytes extra = filing.hep.extraCorrelation;
  if (!extra.empty())
    record.correlation = filing.appended(jsonMember(extra, "sip", filing.to + filing.octets));
  if (record.correlation.length == 0) correlateBySip(record);
}

void Intake::noteHep(const HepPacket& hep) {
  if (hep.notes & kNoteHeaderLength) note(Oddity::hepHeaderLength);
  if (hep.notes & kNoteBigEndianTime) note(Oddity::hepBigEndianTime);
  if (hep.notes & kNoteTrailingOctets) note(Oddity::hepTrailingOctets);
  if (hep.notes & kNoteUnknownFamily) note(Oddity::hepUnknownFamily);
  if (hep.payload.data == nullptr) note(Oddity::hepNoPayload);
}

bool Intake::flush(bool now) {
  if (!open_) return false;
  const bool aged = Clock::now() - openedAt_ >= std::chrono::milliseconds(limits_.flushMs);
  if (now || (aged && pool_->sealedCount() < kSlabsInHand)) seal();
  return open_ != nullptr;
}

void Intake::seal() {
  outbox_->put(pool_->seal(open_));
  open_ = nullptr;
}

}  // namespace hepcapd
