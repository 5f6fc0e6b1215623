// The first line of a message: a request line, a status line, or neither (RFC 3261 sections 7.1 and 7.2).
#pragma once

#include "message.h"

namespace hepcapd::sip {

struct StartLine {
  SipKind kind = kSipUnreadable;
  uint16_t status = 0;
  Bytes method;  // request: the token; reply: the three digits
  Bytes ruri;    // request: as sent, even with the spaces that it must not have
  Bytes reason;  // reply
};

StartLine readStartLine(Bytes line);

}  // namespace hepcapd::sip
