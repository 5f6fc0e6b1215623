// Where an address stands in a table, by a secret that each process draws anew: nobody can send addresses
// that all want the same place.
#pragma once

#include "../base/address.h"

namespace hepcapd {

// Spread evenly over all 64 bits.
uint64_t addressHash(const Address& address, uint64_t more = 0);

}  // namespace hepcapd
