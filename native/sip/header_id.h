// Which header a name is: the full name in any case, or the compact form (RFC 3261 section 7.3.3).
#pragma once

#include "../base/bytes.h"

namespace hepcapd::sip {

enum class HeaderId : uint8_t {
  other,  // a header that no column is made of
  assertedIdentity,
  authorization,
  callId,
  contact,
  contentType,
  cseq,
  diversion,
  from,
  pRtpStat,
  preferredIdentity,
  proxyAuthorization,
  reason,
  to,
  userAgent,
  via,
  xCid,
  xOip,
  xRtpStat,
  count
};

struct Header {
  HeaderId id = HeaderId::other;
  Bytes value;  // trimmed, folds inside
};

// False when the line is no header: its name is not a token, or no colon follows it. `colon` is the line's
// first one, or at its end or beyond.
bool readHeader(Bytes line, const uint8_t* colon, Header& out);

// `name` is not empty.
HeaderId headerId(Bytes name);

}  // namespace hepcapd::sip
