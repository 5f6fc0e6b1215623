// The one string type of every decoder: a pointer and a length into bytes that somebody else owns.
// A Bytes never owns, never writes, and never outlives the call that it was handed to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hepcapd {

struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;

  constexpr Bytes() = default;
  constexpr Bytes(const uint8_t* first, size_t count) : data(first), size(count) {}
  constexpr Bytes(const uint8_t* first, const uint8_t* last) : data(first), size(size_t(last - first)) {}
  explicit Bytes(std::string_view text)
      : data(reinterpret_cast<const uint8_t*>(text.data())), size(text.size()) {}

  bool empty() const { return size == 0; }
  const uint8_t* begin() const { return data; }
  const uint8_t* end() const { return data + size; }
  uint8_t operator[](size_t at) const { return data[at]; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data), size}; }

  // Both clamp: asking for more than there is gives what there is.
  Bytes from(size_t offset) const {
    return offset >= size ? Bytes{end(), size_t{0}} : Bytes{data + offset, size - offset};
  }
  Bytes first(size_t count) const { return {data, count < size ? count : size}; }
};

// Asks for octets that are about to be read: a run of packets is longer than the caches are deep.
inline void prefetch(Bytes bytes) {
  constexpr size_t kCacheLine = 64;
  for (size_t at = 0; at < bytes.size; at += kCacheLine) __builtin_prefetch(bytes.data + at);
}

// Unchecked big-endian and little-endian reads: the caller has compared the length first.
inline uint16_t readU16(const uint8_t* at) { return uint16_t(at[0] << 8 | at[1]); }
inline uint32_t readU32(const uint8_t* at) {
  return uint32_t(at[0]) << 24 | uint32_t(at[1]) << 16 | uint32_t(at[2]) << 8 | at[3];
}
inline uint16_t readU16Little(const uint8_t* at) { return uint16_t(at[1] << 8 | at[0]); }
inline uint32_t readU32Little(const uint8_t* at) {
  return uint32_t(at[3]) << 24 | uint32_t(at[2]) << 16 | uint32_t(at[1]) << 8 | at[0];
}

}  // namespace hepcapd
