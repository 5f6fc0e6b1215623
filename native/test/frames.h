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

inline std::string tcp(const std::string& payload, uint32_t sequence = 1000, uint8_t flags = 0x18,
                       const std::string& options = "") {
  return u16(5060) + u16(5080) + u32(sequence) + u32(0) + char((20 + options.size()) / 4 << 4) + char(flags) +
         u16(65535) + u16(0) + u16(0) + options + payload;
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

// The part of `payload` that begins at `offset` and has `size` octets, as a fragment of the datagram.
inline std::string ipv4Part(const std::string& payload, size_t offset, size_t size, uint16_t id = 1,
                            uint8_t protocol = 17) {
  const bool more = offset + size < payload.size();
  std::string packet =
      ipv4(payload.substr(offset, size), protocol, uint16_t((more ? 0x2000 : 0) | offset / 8));
  return packet.replace(4, 2, u16(id));
}
inline std::string ipv6Part(const std::string& payload, size_t offset, size_t size, uint32_t id = 1,
                            uint8_t next = 17) {
  const bool more = offset + size < payload.size();
  return ipv6(std::string(1, char(next)) + '\0' + u16(offset | (more ? 1 : 0)) + u32(id) +
                  payload.substr(offset, size),
              44);
}

inline std::string ethernet(const std::string& payload, uint16_t type = 0x0800) {
  return octets("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01") + u16(type) + payload;
}

inline std::string vlan(uint16_t id, const std::string& payload, uint16_t type = 0x0800) {
  return u16(id) + u16(type) + payload;
}

// A UDP datagram to a port, as tunnels have them.
inline std::string udpTo(uint16_t port, const std::string& payload) {
  return udp(payload).replace(0, 4, u16(50000) + u16(port));
}
inline std::string gre(const std::string& payload, uint16_t type, uint16_t flags = 0,
                       const std::string& fields = "") {
  return u16(flags) + u16(type) + fields + payload;
}
inline std::string vxlan(uint32_t network, const std::string& frame) {
  return udpTo(4789, octets("\x08\x00\x00\x00") + u32(network << 8) + frame);
}
inline std::string geneve(uint16_t type, const std::string& payload, const std::string& options = "") {
  return udpTo(6081,
               std::string(1, char(options.size() / 4)) + '\0' + u16(type) + u32(7 << 8) + options + payload);
}
inline std::string tzsp(const std::string& frame, const std::string& tags = "") {
  return udpTo(37008, octets("\x01\x00\x00\x01") + tags + '\x01' + frame);
}

}  // namespace hepcapd::test
