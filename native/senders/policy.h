// Who may send to an input. It is never changed: a new one takes its place between two packets.
#pragma once

#include <memory>

#include "address_set.h"
#include "hep_keys.h"
#include "rate_limiter.h"

namespace hepcapd {

struct SenderPolicy {
  bool allowsAll = true;  // else those in `allowed` only
  AddressSet allowed;
  HepKeys keys;                          // none: HEP needs no key
  std::shared_ptr<RateLimiter> limiter;  // nullptr: as much as there is; its senders are those of all inputs

  bool allows(const Address& sender) const { return allowsAll || allowed.has(sender); }
};

}  // namespace hepcapd
