#include "columns.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "../base/utf8.h"
#include "../hep/packet.h"
#include "custom_fields.h"
#include "json_member.h"

namespace hepcapd {
namespace {

constexpr ColumnShape kShapes[] = {
#define X(name, kind, width) {#name, ColumnKind::kind, width},
    HEPCAPD_COLUMNS(X)
#undef X
};

// Behind this many octets of a value nobody looks: three times over (cleaning) it still fits the scratch.
constexpr size_t kScratchInput = 8192;

constexpr int64_t kMicros = 1'000'000;
// What a date of 19 characters holds, in seconds of the epoch: the years 0 to 9999.
constexpr int64_t kFirstSecond = -62'167'219'200;
constexpr int64_t kLastSecond = 253'402'300'799;
// `gid` of every row in the layout of Homer 6.
constexpr int64_t kGroup = 10;

int64_t secondOf(int64_t us) { return us / kMicros - (us % kMicros < 0 ? 1 : 0); }
bool hasDate(int64_t us) { return secondOf(us) >= kFirstSecond && secondOf(us) <= kLastSecond; }

// The packet's time; where a date cannot hold it its arrival, else the epoch.
int64_t datedUs(const Record& record) {
  if (hasDate(record.microTs)) return record.microTs;
  return hasDate(record.arrivalUs) ? record.arrivalUs : 0;
}

// Ours: well-formed, and short enough.
bool isGenerated(Column column) {
  return column == Column::date || column == Column::source_ip || column == Column::destination_ip ||
         column == Column::capture_ip;
}
// Made of what the message says, in a place of the reader's own.
bool isComposed(Column column) {
  return column == Column::node || column == Column::capture_node || column == Column::event;
}
// Folds are of SIP headers.
bool mayFold(Column column) { return column < Column::protocol_type; }

// RFC 3261 7.3.1: a fold (line end and the white space around it) reads as one space.
size_t unfold(Bytes text, uint8_t* out) {
  uint8_t* to = out;
  for (const uint8_t* at = text.begin(); at < text.end();) {
    if (*at != '\r' && *at != '\n') {
      *to++ = *at++;
      continue;
    }
    while (to > out && (to[-1] == ' ' || to[-1] == '\t')) to--;
    while (at < text.end() && (*at == '\r' || *at == '\n' || *at == ' ' || *at == '\t')) at++;
    *to++ = ' ';
  }
  return size_t(to - out);
}

bool hasLineEnd(Bytes text) {
  return text.size > 0 &&
         (std::memchr(text.data, '\n', text.size) || std::memchr(text.data, '\r', text.size));
}

}  // namespace

const ColumnShape& columnShape(Column column) { return kShapes[size_t(column)]; }

Bytes RowReader::sip(SipField field) const {
  const Span& span = record_->sip[size_t(field)];
  return slab_.bytes(record_->payload.offset + span.offset, span.length);
}

Bytes RowReader::custom(unsigned index) const {
  return customField(slab_.bytes(record_->custom.offset, record_->custom.length), index);
}

RowReader::Text RowReader::text(Column column) {
  Bytes value = raw(column);
  const size_t width = columnShape(column).width;
  if (isGenerated(column)) return {value, false};
  const bool folded = (record_->flags & kRecordFolded) && mayFold(column) && hasLineEnd(value);
  const bool clean = isCleanUtf8(value);
  const bool inSlab = !folded && clean && !isComposed(column);
  if (!clean) cleaned_++;
  if (folded || !clean) {
    if (!scratch_) scratch_.reset(new uint8_t[kScratchInput * 4]);
    value = value.first(kScratchInput);
    if (folded) value = Bytes(scratch_.get(), unfold(value, scratch_.get()));
    uint8_t* const cleaned = scratch_.get() + kScratchInput;
    if (!clean) value = Bytes(cleaned, cleanUtf8(value, cleaned));
  }
  if (value.size > width) {
    cut_++;
    value = cutUtf8(value, width);
  }
  return {value, inSlab};
}

Bytes RowReader::raw(Column column) {
  switch (column) {
    case Column::date:
      return dateText();
    case Column::method:
      return sip(SipField::method);
    case Column::reply_reason:
      return sip(SipField::replyReason);
    case Column::ruri:
      return sip(SipField::ruri);
    case Column::ruri_user:
      return sip(SipField::ruriUser);
    case Column::ruri_domain:
      return sip(SipField::ruriDomain);
    case Column::from_user:
      return sip(SipField::fromUser);
    case Column::from_domain:
      return sip(SipField::fromDomain);
    case Column::from_tag:
      return sip(SipField::fromTag);
    case Column::to_user:
      return sip(SipField::toUser);
    case Column::to_domain:
      return sip(SipField::toDomain);
    case Column::to_tag:
      return sip(SipField::toTag);
    case Column::pid_user:
      return sip(SipField::pidUser);
    case Column::contact_user:
      return sip(SipField::contactUser);
    case Column::contact_ip:
      return sip(SipField::contactHost);
    case Column::auth_user:
      return sip(SipField::authUser);
    case Column::auth:
      return sip(SipField::auth);
    case Column::callid:
      return sip(SipField::callId);
    case Column::callid_aleg:
      return sip(SipField::xCid);
    case Column::via_1:
      return sip(SipField::via);
    case Column::via_1_branch:
      return sip(SipField::viaBranch);
    case Column::cseq:
      return sip(SipField::cseq);
    case Column::reason:
      return sip(SipField::reason);
    case Column::content_type:
      return sip(SipField::contentType);
    case Column::user_agent:
      return sip(SipField::userAgent);
    case Column::diversion:
      return sip(SipField::diversion);
    case Column::originator_ip:
      return sip(SipField::originatorHost);
    case Column::rtp_stat:
      return sip(SipField::rtpStat);
    case Column::source_ip:
      return addressText(record_->source, record_->sourceFamily);
    case Column::destination_ip:
      return addressText(record_->destination, record_->destinationFamily);
    case Column::node:
      return nodeText();
    case Column::correlation_id:
      return slab_.bytes(record_->correlation.offset, record_->correlation.length);
    case Column::custom_field1:
      return custom(0);
    case Column::custom_field2:
      return custom(1);
    case Column::custom_field3:
      return custom(2);
    case Column::extra_correlation:
      return extraCorrelation();
    case Column::capture_ip:
      return addressText(record_->receiver, record_->receiverFamily);
    case Column::capture_node:
      return node_;
    case Column::event:
      return eventText();
    case Column::payload_text:
      return msg();
    default:
      return {};
  }
}

int64_t RowReader::integer(Column column) const {
  switch (column) {
    case Column::micro_ts:
      return record_->microTs;
    case Column::source_port:
      return record_->sourcePort;
    case Column::destination_port:
      return record_->destinationPort;
    case Column::contact_port:
      return record_->contactPort;
    case Column::originator_port:
      return record_->originatorPort;
    case Column::proto:
      return record_->protocol;
    case Column::family:
      return record_->family;
    case Column::type:
      return record_->sipKind;
    case Column::protocol_type:
      return record_->protocolType;
    case Column::gid:
      return kGroup;
    case Column::tsu:
      return datedUs(*record_) - secondOf(datedUs(*record_)) * kMicros;
    case Column::capt_id:
      return record_->flags & kRecordHasAgent ? record_->agentId : 0;
    case Column::payload_len:
      return record_->payload.length;
    default:
      return 0;
  }
}

// Rows of a slab share their second more often than not.
Bytes RowReader::dateText() {
  if (!hasDate(record_->microTs)) arrivals_++;
  const int64_t second = secondOf(datedUs(*record_));
  if (second != dateSecond_) {
    const time_t time = time_t(second);
    tm utc;
    ::gmtime_r(&time, &utc);
    std::snprintf(date_, sizeof date_, "%04d-%02d-%02d %02d:%02d:%02d", utc.tm_year + 1900, utc.tm_mon + 1,
                  utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    dateSecond_ = second;
  }
  return Bytes(std::string_view(date_));
}

// Rows of a slab share their agent more often than not.
Bytes RowReader::nodeText() {
  if (!(record_->flags & kRecordHasAgent)) return node_;
  if (agentNodeSize_ == 0 || record_->agentId != agent_) {
    agent_ = record_->agentId;
    agentNodeSize_ =
        size_t(std::snprintf(agentNode_, sizeof agentNode_, "%.*s:%u", int(std::min(node_.size, size_t{128})),
                             reinterpret_cast<const char*>(node_.data), agent_));
  }
  return Bytes(std::string_view(agentNode_, agentNodeSize_));
}

Bytes RowReader::addressText(const uint8_t* octets, uint8_t family) {
  if (family == uint8_t(Family::none)) return {};
  if (family == uint8_t(Family::ipv4)) return dottedText(octets);
  ::inet_ntop(AF_INET6, octets, small_, sizeof small_);
  return Bytes(std::string_view(small_));
}

// inet_ntop() prints each octet through the whole of printf().
Bytes RowReader::dottedText(const uint8_t* octets) {
  char* at = small_;
  for (int i = 0; i < 4; i++) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, small_ + sizeof small_, unsigned{octets[i]}).ptr;
  }
  return Bytes(std::string_view(small_, size_t(at - small_)));
}

// Chunk 101 as it came.
Bytes RowReader::extraCorrelation() const {
  HepPacket hep;
  const Bytes packet = slab_.bytes(record_->packet);
  const bool hasChunks = record_->hepVersion == 3 && parseHep(packet, hep) == HepFault::none;
  return hasChunks ? hep.extraCorrelation : Bytes{};
}

// So many octets of JSON text are more than the width of the column when they are unescaped.
Bytes RowReader::eventText() {
  const Bytes raw = cutUtf8(jsonMember(msg(), "Event", MemberCase::any), sizeof small_);
  uint8_t* const text = reinterpret_cast<uint8_t*>(small_);
  return {text, unescapeJson(raw, text)};
}

}  // namespace hepcapd
