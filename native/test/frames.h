// Frames, packets and numbers in either byte order, put together octet by octet for the tests.
#pragma once

#include <cstdint>
#include <string>

namespace hepcapd::test {

template <size_t N>
std::string octets(const char (&text)[N]) {
  return std::string(text, N - 1);
}

struct Order {
  bool big;
  std::string number(uint64_t value, size_t bytes) const {
    std::string text;
    for (size_t i = 0; i < bytes; i++) {
      const size_t shift = big ? bytes - 1 - i : i;
      text += char(value >> (8 * shift));
    }
    return text;
  }
  std::string u16(uint64_t value) const { return number(value, 2); }
  std::string u32(uint64_t value) const { return number(value, 4); }
};
inline constexpr Order kNetwork{true};
inline std::string u16(uint64_t value) { return kNetwork.u16(value); }
inline std::string u32(uint64_t value) { return kNetwork.u32(value); }

inline std::string udp(const std::string& payload) {
  return u16(5060) + u16(5080) + u16(8 + payload.size()) + u16(0) + payload;
}

// 10.0.0.1 -> 10.0.0.2
inline std::string ipv4(const std::string& payload, uint8_t protocol = 17, uint16_t fragment = 0) {
  return octets("\x45\x00") + u16(20 + payload.size()) + u16(1) + u16(fragment) + '\x40' + char(protocol) +
         u16(0) + octets("\x0a\x00\x00\x01\x0a\x00\x00\x02") + payload;
}

// 2001:db8::1 -> 2001:db8::2
inline std::string ipv6(const std::string& payload, uint8_t next = 17) {
  const std::string net = octets("\x20\x01\x0d\xb8") + std::string(11, '\0');
  return octets("\x60\x00\x00\x00") + u16(payload.size()) + char(next) + '\x40' + net + '\x01' + net +
         '\x02' + payload;
}

inline std::string ethernet(const std::string& payload, uint16_t type = 0x0800) {
  return octets("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01") + u16(type) + payload;
}

}  // namespace hepcapd::test
