// From, To, Contact and the identities: ( name-addr / addr-spec ) *( SEMI param ), RFC 3261 section 25.1.
#pragma once

#include "../base/bytes.h"

namespace hepcapd::sip {

struct NameAddr {
  Bytes uri;     // trimmed; empty when none is there, as in `*`
  Bytes params;  // all that follows the URI: this value's parameters, and the values after it
};

// The first value of a header. A display name that should have been quoted is passed up to its `<`.
NameAddr readNameAddr(Bytes value);

}  // namespace hepcapd::sip
