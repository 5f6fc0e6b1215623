#include "hep_keys.h"

namespace hepcapd {

HepKeys::Room HepKeys::roomOf(Bytes key) {
  Room room{};
  room[0] = uint8_t(key.size);
  std::memcpy(room.data() + 1, key.data, key.size);
  return room;
}

HepKeys::HepKeys(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) keys_.push_back(roomOf(Bytes(key)));
}

bool HepKeys::match(Bytes key) const {
  if (key.empty() || key.size > kLongestKey) return false;
  const Room offered = roomOf(key);
  unsigned matches = 0;
  for (const Room& own : keys_) {
    unsigned difference = 0;
    for (size_t i = 0; i < own.size(); i++) difference |= unsigned(own[i] ^ offered[i]);
    matches |= (difference - 1) >> 8;  // the highest bits are set when there was none
  }
  return matches != 0;
}

}  // namespace hepcapd
