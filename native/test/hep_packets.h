// HEP packets for tests, built by a second hand: nothing here uses the code that it tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hepcapd::test {

// "48 45 50 33" -> "HEP3"; anything but hex digits is skipped.
inline std::string hex(std::string_view text) {
  std::string octets;
  int high = -1;
  for (char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high >= 0) octets += char(high << 4 | digit);
    high = high < 0 ? digit : -1;
  }
  return octets;
}

inline std::string u8(unsigned value) { return std::string(1, char(value)); }
inline std::string u16(unsigned value) { return u8(value >> 8 & 0xff) + u8(value & 0xff); }
inline std::string u32(uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }
inline std::string u16Little(unsigned value) { return u8(value & 0xff) + u8(value >> 8 & 0xff); }
inline std::string u32Little(uint32_t value) { return u16Little(value & 0xffff) + u16Little(value >> 16); }

inline std::string chunk(unsigned type, std::string_view body, unsigned vendor = 0) {
  return u16(vendor) + u16(type) + u16(unsigned(6 + body.size())) + std::string(body);
}
inline std::string hep3(std::string_view chunks, std::string_view magic = "HEP3") {
  return std::string(magic) + u16(unsigned(6 + chunks.size())) + std::string(chunks);
}

inline const std::string kOptions = "OPTIONS sip:a@b SIP/2.0\r\n\r\n";
inline const std::string kFrom4 = hex("0a 00 00 01"), kTo4 = hex("0a 00 00 02");
inline const std::string kFrom6 = hex("20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01");
inline const std::string kTo6 = hex("20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02");

// 10.0.0.1:5060 -> 10.0.0.2:5080, UDP, as a little-endian agent sends it.
inline const std::string kV1 = hex("01 10 02 11 13 c4 13 d8 0a 00 00 01 0a 00 00 02") + kOptions;
// The same at 1700000000.123456 from agent 7.
inline const std::string kV2 =
    hex("02 10 02 11 13 c4 13 d8 0a 00 00 01 0a 00 00 02 00 f1 53 65 40 e2 01 00 07 00 00 00") + kOptions;
// The same again, in the order of an OpenSIPS agent: the correlation id after the payload.
inline const std::string kV3 =
    hex("48 45 50 33 00 90 00 00 00 01 00 07 02 00 00 00 02 00 07 11 00 00 00 07 00 08 13 c4 00 00 00 08"
        "00 08 13 d8 00 00 00 09 00 0a 65 53 f1 00 00 00 00 0a 00 0a 00 01 e2 40 00 00 00 0b 00 07 01 00"
        "00 00 0c 00 0a 00 00 00 07 00 00 00 03 00 0a 0a 00 00 01 00 00 00 04 00 0a 0a 00 00 02 00 00 00"
        "0f 00 21 4f 50 54 49 4f 4e 53 20 73 69 70 3a 61 40 62 20 53 49 50 2f 32 2e 30 0d 0a 0d 0a 00 00"
        "00 11 00 12 61 62 63 40 31 30 2e 30 2e 30 2e 31");

inline const std::string kV1Ipv6 = hex("01 28 0a 11 13 c4 13 d8") + kFrom6 + kTo6 + kOptions;
inline const std::string kV2Ipv6 = hex("02 28 0a 11 13 c4 13 d8") + kFrom6 + kTo6 + u32Little(1700000000) +
                                   u32Little(123456) + u16Little(7) + u16(0) + kOptions;
inline const std::string kV3Ipv6 =
    hep3(chunk(1, u8(10)) + chunk(2, u8(17)) + chunk(7, u16(5060)) + chunk(8, u16(5080)) +
         chunk(9, u32(1700000000)) + chunk(10, u32(123456)) + chunk(11, u8(1)) + chunk(12, u32(7)) +
         chunk(5, kFrom6) + chunk(6, kTo6) + chunk(15, kOptions));

}  // namespace hepcapd::test
