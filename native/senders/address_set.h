// Networks in CIDR notation as one set of addresses (RFC 4632, RFC 4291 2.3): overlapping ones are joined
// when it is made, so that a question is one binary search however many there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../base/address.h"

namespace hepcapd {

struct Network {
  Address first;      // its lowest address; what is mapped into IPv6 is IPv4
  unsigned bits = 0;  // of the address that are the same for all of it

  // "192.0.2.0/24", "2001:db8::/32", or an address alone; bits behind the prefix mean nothing. Nothing for
  // what is none of these.
  static std::optional<Network> parse(const std::string& text);
};

class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(const std::vector<Network>& networks);

  bool has(const Address& address) const;

 private:
  // An address as a number; those of a family stand together.
  struct Number {
    Family family = Family::none;
    uint64_t high = 0;
    uint64_t low = 0;
    auto operator<=>(const Number&) const = default;
  };
  struct Range {
    Number first;
    Number last;
  };
  static Number numberOf(const Address& address);
  static Range rangeOf(const Network& network);

  std::vector<Range> ranges_;  // ascending, none touches another
};

}  // namespace hepcapd
