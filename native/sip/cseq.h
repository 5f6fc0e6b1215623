// CSeq: 1*DIGIT LWS Method (RFC 3261 section 20.16).
#pragma once

#include "../base/bytes.h"

namespace hepcapd::sip {

// The method. The number may be of any size, or missing.
Bytes cseqMethod(Bytes value);

}  // namespace hepcapd::sip
