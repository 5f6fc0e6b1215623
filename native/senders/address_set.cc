#include "address_set.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "../base/bytes.h"

namespace hepcapd {
namespace {

constexpr unsigned kBits4 = 32;
constexpr unsigned kBits6 = 128;
constexpr unsigned kMappedBits = 96;
constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

unsigned widthOf(Family family) { return family == Family::ipv4 ? kBits4 : kBits6; }

Address read(const std::string& text) {
  uint8_t octets[16];
  if (::inet_pton(AF_INET, text.c_str(), octets) == 1) return Address::ipv4(octets);
  if (::inet_pton(AF_INET6, text.c_str(), octets) == 1) return Address::ipv6(octets);
  return {};
}

// The prefix length behind the slash, the whole width without one.
std::optional<unsigned> bitsOf(const std::string& text, size_t slash, unsigned width) {
  if (slash == std::string::npos) return width;
  unsigned bits = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + slash + 1, end, bits);
  if (error != std::errc() || at != end || bits > width) return std::nullopt;
  return bits;
}

void clearBehind(Address& address, unsigned bits) {
  for (unsigned bit = bits; bit < widthOf(address.family); bit++) {
    address.octets[bit / 8] &= uint8_t(~(0x80 >> bit % 8));
  }
}

Network unmapped(const Network& network) {
  const bool isMapped = network.first.family == Family::ipv6 && network.bits >= kMappedBits &&
                        std::memcmp(network.first.octets.data(), kMapped, sizeof kMapped) == 0;
  if (!isMapped) return network;
  return {Address::ipv4(network.first.octets.data() + sizeof kMapped), network.bits - kMappedBits};
}

uint64_t readU64(const uint8_t* at) { return uint64_t{readU32(at)} << 32 | readU32(at + 4); }

// The lowest `count` bits.
uint64_t ones(unsigned count) { return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1; }

}  // namespace

std::optional<Network> Network::parse(const std::string& text) {
  const size_t slash = text.find('/');
  Address address = read(text.substr(0, slash));
  if (address.family == Family::none) return std::nullopt;
  const auto bits = bitsOf(text, slash, widthOf(address.family));
  if (!bits) return std::nullopt;
  clearBehind(address, *bits);
  return unmapped({address, *bits});
}

AddressSet::Number AddressSet::numberOf(const Address& address) {
  const uint8_t* const octets = address.octets.data();
  if (address.family == Family::ipv4) return {Family::ipv4, 0, readU32(octets)};
  return {Family::ipv6, readU64(octets), readU64(octets + 8)};
}

AddressSet::Range AddressSet::rangeOf(const Network& network) {
  const unsigned free = widthOf(network.first.family) - network.bits;
  const Number first = numberOf(network.first);
  Number last = first;
  last.high |= free > 64 ? ones(free - 64) : 0;
  last.low |= ones(std::min(free, 64u));
  return {first, last};
}

AddressSet::AddressSet(const std::vector<Network>& networks) {
  for (const Network& network : networks) ranges_.push_back(rangeOf(network));
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& one, const Range& other) { return one.first < other.first; });
  size_t kept = 0;
  for (const Range& range : ranges_) {
    if (kept > 0 && range.first <= ranges_[kept - 1].last) {
      ranges_[kept - 1].last = std::max(ranges_[kept - 1].last, range.last);
    } else {
      ranges_[kept++] = range;
    }
  }
  ranges_.resize(kept);
}

bool AddressSet::has(const Address& address) const {
  if (address.family == Family::none) return false;
  const Number number = numberOf(address);
  const auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), number,
                       [](const Number& one, const Range& range) { return one < range.first; });
  return after != ranges_.begin() && number <= std::prev(after)->last;
}

}  // namespace hepcapd
