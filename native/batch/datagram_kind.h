// What came in a datagram on a port where SIP and HEP may both arrive. It judges the start of it and never
// whether the rest is in order: a HEP packet with bad chunks is HEP.
#pragma once

#include "../base/bytes.h"

namespace hepcapd {

enum class DatagramKind : uint8_t {
  hep,        // the magic of version 3, or a whole header of version 1 or 2
  sip,        // its first line reads as SIP
  keepAlive,  // nothing, or nothing but line ends, blanks and NULs (RFC 5626 3.5.1, and what phones send)
  stun,       // RFC 8489 5
  other
};

DatagramKind kindOf(Bytes datagram);

}  // namespace hepcapd
