// MPLS (RFC 3032): a stack of labels, and the guess at what stands below, which the labels do not say.
//
//   [label 20 bits | class 3 | bottom of stack 1 | time to live 8]*
//   then IPv4 or IPv6, known by the version; or a pseudowire: [control word 4 (RFC 4385)] | Ethernet frame
#pragma once

#include "../base/bytes.h"
#include "refusal.h"

namespace hepcapd {

// `type` becomes an EtherType, `rest` what stands behind it. Labels are no part of the scope: they differ
// between the paths that fragments of one datagram may take.
Refusal decodeMpls(Bytes labels, uint16_t& type, Bytes& rest);

}  // namespace hepcapd
