// The values of custom_field1 to 3 as they stand in a slab: each text behind a 16-bit length, big-endian.
//
//   +--------+------+--------+------+--------+------+
//   | length | text | length | text | length | text |
//   +--------+------+--------+------+--------+------+
//
// No octets at all are three empty texts.
#pragma once

#include "../base/bytes.h"

namespace hepcapd {

inline constexpr unsigned kCustomFields = 3;
// What is written before the texts, and with the longest of them.
inline constexpr size_t kCustomBound = kCustomFields * (2 + size_t{UINT16_MAX});

// Are these three texts and nothing else, or nothing?
bool isCustomFields(Bytes custom);
// The text of a field, counted from 0, where it lies.
Bytes customField(Bytes custom, unsigned index);

}  // namespace hepcapd
