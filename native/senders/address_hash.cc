#include "address_hash.h"

#include <random>

namespace hepcapd {
namespace {

struct Secret {
  uint64_t first;
  uint64_t second;
  Secret() {
    std::random_device random;
    const auto draw = [&] { return uint64_t{random()} << 32 | random(); };
    first = draw();
    second = draw() | 1;
  }
};
const Secret kSecret;

// Both halves of the product.
uint64_t mix(uint64_t one, uint64_t other) {
  const auto product = static_cast<unsigned __int128>(one) * other;
  return uint64_t(product) ^ uint64_t(product >> 64);
}

}  // namespace

uint64_t addressHash(const Address& address, uint64_t more) {
  uint64_t high, low;
  std::memcpy(&high, address.octets.data(), sizeof high);
  std::memcpy(&low, address.octets.data() + sizeof high, sizeof low);
  const uint64_t kind = more << 8 | uint64_t(address.family);
  return mix(mix(high ^ kSecret.first, low ^ kSecret.second) ^ kind ^ kSecret.second, kSecret.first | 1);
}

}  // namespace hepcapd
