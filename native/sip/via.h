// Via: sent-protocol LWS sent-by *( SEMI via-params ), RFC 3261 section 20.42.
#pragma once

#include "../base/bytes.h"

namespace hepcapd::sip {

// The branch of the first value of a Via header field.
Bytes viaBranch(Bytes value);

}  // namespace hepcapd::sip
