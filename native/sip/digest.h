// Credentials: "Digest" LWS param *( COMMA param ), RFC 3261 section 25.1 and RFC 7616.
#pragma once

#include "../base/bytes.h"

namespace hepcapd::sip {

// The digest username up to an @, escapes left as they are; empty for other schemes.
Bytes digestUser(Bytes credentials);

}  // namespace hepcapd::sip
