// The parts of a SIP message that the columns are made of, as spans into the payload.
//
// parseSip() reads once, in place, allocates nothing, and stops for nothing: what can be found is found
// (RFC 3261 section 7 and 25, with compact names, folding, any case, bare LF, and missing headers).
#pragma once

#include "../base/bytes.h"

namespace hepcapd {

// Offset and length in the payload. Header sections end at 65,535 octets: what lies beyond is not looked at
// (kSipBeyondReach).
struct Span {
  uint16_t offset = 0;
  uint16_t length = 0;
  bool empty() const { return length == 0; }
};

// X(name): one span of the record each. The first header of a name counts, even an empty one; the value is
// trimmed of white space and still has its folds in it (kSipFolded). Users and domains are not unescaped, and
// a user is without its password; an IPv6 reference is without its brackets wherever a host is told apart.
// tel: gives the number as user and no domain, urn: the service as domain and no user (see uri.h).
#define HEPCAPD_SIP_FIELDS(X)                                                                         \
  X(method)      /* request: the method token; reply: the three digits of the status code */          \
  X(replyReason) /* reply: reason phrase */                                                           \
  X(ruri)        /* request: Request-URI */                                                           \
  X(ruriUser)                                                                                         \
  X(ruriDomain)                                                                                       \
  X(fromUser)                                                                                         \
  X(fromDomain)                                                                                       \
  X(fromTag)                                                                                          \
  X(toUser)                                                                                           \
  X(toDomain)                                                                                         \
  X(toTag)                                                                                            \
  X(pidUser)     /* P-Asserted-Identity, else P-Preferred-Identity: user of the first readable URI */ \
  X(contactUser) /* first Contact */                                                                  \
  X(contactHost) /* first Contact */                                                                  \
  X(authUser)    /* digest username up to an @: Proxy-Authorization, else Authorization */            \
  X(auth)        /* whole value: Proxy-Authorization, else Authorization */                           \
  X(callId)                                                                                           \
  X(xCid)      /* X-CID */                                                                            \
  X(via)       /* whole value of the first Via header field */                                        \
  X(viaBranch) /* branch of the first Via value */                                                    \
  X(cseq)      /* whole value: number and method */                                                   \
  X(cseqMethod)                                                                                       \
  X(reason) /* Reason */                                                                              \
  X(contentType)                                                                                      \
  X(userAgent)                                                                                        \
  X(diversion)      /* whole value */                                                                 \
  X(originatorHost) /* X-OIP without its port */                                                      \
  X(rtpStat)        /* X-RTP-Stat, else P-RTP-Stat */                                                 \
  X(body)           /* after the empty line; cut at 65,535 like all else */

enum class SipField : uint8_t {
#define X(name) name,
  HEPCAPD_SIP_FIELDS(X)
#undef X
      count
};
inline constexpr size_t kSipFields = size_t(SipField::count);

enum SipKind : uint8_t { kSipUnreadable = 0, kSipRequest = 1, kSipReply = 2 };  // the `type` column

enum SipNote : uint8_t {
  kSipFolded = 1 << 0,       // some span besides the body has a folded line in it
  kSipBeyondReach = 1 << 1,  // the header section does not end within 65,535 octets
  kSipBadHeader = 1 << 2,    // a line of the header section is not a header
};

struct SipMessage {
  uint8_t kind = kSipUnreadable;
  uint8_t notes = 0;
  uint16_t status = 0;  // reply: 100..699 as sent (any three digits)
  uint16_t contactPort = 0;
  uint16_t originatorPort = 0;
  Span fields[kSipFields];

  Span& operator[](SipField field) { return fields[size_t(field)]; }
  const Span& operator[](SipField field) const { return fields[size_t(field)]; }
};

// Octets that must be readable behind a payload; they are not looked at (find.h).
inline constexpr size_t kSipPadding = 64;

// `payload` may be empty, binary, or cut anywhere, with kSipPadding octets behind it. Leading CRLFs are
// skipped (RFC 3261 7.5).
void parseSip(Bytes payload, SipMessage& out);

// True when the first line reads as a SIP request or status line, as parseSip() reads it: a look at the first
// line only, of a text that may lie anywhere.
bool looksLikeSip(Bytes payload);

}  // namespace hepcapd
