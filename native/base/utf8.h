// UTF-8 as the text columns need it: is it clean, and if not, what is put in its place.
#pragma once

#include "bytes.h"

namespace hepcapd {

// True when `text` is well-formed UTF-8 (RFC 3629) without NUL.
bool isCleanUtf8(Bytes text);

// Copies `text` to `out`, each maximal ill-formed subsequence replaced by U+FFFD (as the Unicode standard,
// section 3.9, recommends and as browsers decode), and each NUL too. `out` takes up to 3 * text.size octets.
// Returns the octets written.
size_t cleanUtf8(Bytes text, uint8_t* out);

// The longest prefix of clean UTF-8 that has at most `limit` octets and splits no character.
Bytes cutUtf8(Bytes text, size_t limit);

}  // namespace hepcapd
