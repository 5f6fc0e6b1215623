// Any octets at all: parseSip() answers with spans of the payload, twice the same, and agrees with
// looksLikeSip() about the first line.
#include <cstdlib>
#include <cstring>

#include "sip/message.h"

using namespace hepcapd;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool has(const SipMessage& sip, SipField field) { return !sip[field].empty(); }

bool within(const SipMessage& sip, SipField inner, SipField outer) {
  const size_t first = sip[inner].offset, last = first + sip[inner].length;
  return !has(sip, inner) ||
         (first >= sip[outer].offset && last <= size_t(sip[outer].offset) + sip[outer].length);
}

void checkSpans(const SipMessage& sip, size_t size) {
  for (const Span& span : sip.fields)
    require(size_t(span.offset) + span.length <= (size < 65535 ? size : 65535));
  require(within(sip, SipField::ruriUser, SipField::ruri));
  require(within(sip, SipField::ruriDomain, SipField::ruri));
  require(within(sip, SipField::viaBranch, SipField::via));
  require(within(sip, SipField::cseqMethod, SipField::cseq));
}

void checkKind(const SipMessage& sip) {
  require(has(sip, SipField::method) == (sip.kind != kSipUnreadable));
  require(has(sip, SipField::ruri) == (sip.kind == kSipRequest));
  require(sip.kind == kSipReply || (sip.status == 0 && !has(sip, SipField::replyReason)));
  require(sip.kind != kSipReply || (sip.status <= 999 && sip[SipField::method].length == 3));
}

void checkNotes(const SipMessage& sip, size_t size) {
  require((sip.notes & ~(kSipFolded | kSipBeyondReach | kSipBadHeader)) == 0);
  if (sip.notes & kSipBeyondReach) require(size > 65535 && !has(sip, SipField::body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes payload(data, size);
  SipMessage sip, again;
  std::memset(static_cast<void*>(&again), 0xaa, sizeof again);
  parseSip(payload, sip);
  parseSip(payload, again);
  require(std::memcmp(sip.fields, again.fields, sizeof sip.fields) == 0);
  require(sip.kind == again.kind && sip.notes == again.notes && sip.status == again.status);
  require(sip.contactPort == again.contactPort && sip.originatorPort == again.originatorPort);
  checkSpans(sip, size);
  checkKind(sip);
  checkNotes(sip, size);
  require(looksLikeSip(payload) == (sip.kind != kSipUnreadable));
  return 0;
}
