// One text member of a JSON object: what chunk 101 (extra correlation) is read for.
#pragma once

#include "../base/bytes.h"

namespace hepcapd {

// Writes the unescaped text of the top-level string member `name` to `out`, which must have room for
// json.size octets. Returns its length, 0 when there is none or `json` is not an object up to there (RFC
// 8259).
size_t jsonMember(Bytes json, std::string_view name, uint8_t* out);

}  // namespace hepcapd
