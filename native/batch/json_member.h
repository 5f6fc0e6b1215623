// One text member of a JSON object: of chunk 101 (extra correlation), and of payloads.
#pragma once

#include "../base/bytes.h"

namespace hepcapd {

enum class MemberCase : uint8_t { exact, any };

// What stands between the quotes of the top-level string member `name`, escapes still in it; nothing when
// there is none or `json` is not an object up to there (RFC 8259).
Bytes jsonMember(Bytes json, std::string_view name, MemberCase letters = MemberCase::exact);

// Writes the text that such octets mean to `out`, which must have room for raw.size octets. Returns its
// length.
size_t unescapeJson(Bytes raw, uint8_t* out);

}  // namespace hepcapd
