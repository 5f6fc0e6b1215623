#include "utf8.h"

namespace hepcapd {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080u;
constexpr uint64_t kLowBits = 0x0101010101010101u;

// Any octet with its high bit set, or zero, among eight.
bool hasHighOrNul(uint64_t word) { return ((word | (word - kLowBits)) & kHighBits) != 0; }

// What the lead octet allows: length of the sequence and the range of the second octet (RFC 3629 section 4).
struct Lead {
  uint8_t length;
  uint8_t low;
  uint8_t high;
};
Lead leadOf(uint8_t octet) {
  if (octet >= 0xc2 && octet <= 0xdf) return {2, 0x80, 0xbf};
  if (octet == 0xe0) return {3, 0xa0, 0xbf};
  if (octet == 0xed) return {3, 0x80, 0x9f};
  if (octet >= 0xe1 && octet <= 0xef) return {3, 0x80, 0xbf};
  if (octet == 0xf0) return {4, 0x90, 0xbf};
  if (octet >= 0xf1 && octet <= 0xf3) return {4, 0x80, 0xbf};
  if (octet == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

struct Sequence {
  size_t length;  // octets of the character, or of the maximal ill-formed part
  bool good;
};
Sequence sequenceAt(const uint8_t* at, const uint8_t* end) {
  if (*at < 0x80) return {1, *at != 0};
  const Lead lead = leadOf(*at);
  if (lead.length == 0) return {1, false};
  for (size_t i = 1; i < lead.length; i++) {
    if (at + i == end) return {i, false};
    const uint8_t low = i == 1 ? lead.low : 0x80;
    const uint8_t high = i == 1 ? lead.high : 0xbf;
    if (at[i] < low || at[i] > high) return {i, false};
  }
  return {lead.length, true};
}

}  // namespace

bool isCleanUtf8(Bytes text) {
  const uint8_t* at = text.begin();
  const uint8_t* const end = text.end();
  while (at < end) {
    if (end - at >= 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      if (!hasHighOrNul(word)) {
        at += 8;
        continue;
      }
    }
    const Sequence sequence = sequenceAt(at, end);
    if (!sequence.good) return false;
    at += sequence.length;
  }
  return true;
}

size_t cleanUtf8(Bytes text, uint8_t* out) {
  static constexpr uint8_t kReplacement[] = {0xef, 0xbf, 0xbd};
  uint8_t* to = out;
  for (const uint8_t* at = text.begin(); at < text.end();) {
    const Sequence sequence = sequenceAt(at, text.end());
    const size_t length = sequence.good ? sequence.length : sizeof kReplacement;
    std::memcpy(to, sequence.good ? at : kReplacement, length);
    to += length;
    at += sequence.length;
  }
  return size_t(to - out);
}

Bytes cutUtf8(Bytes text, size_t limit) {
  if (text.size <= limit) return text;
  size_t size = limit;
  while (size > 0 && (text[size] & 0xc0) == 0x80) size--;
  return text.first(size);
}

}  // namespace hepcapd
