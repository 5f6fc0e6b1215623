// HEP packets and their SIP as numbers, without an engine: for tools, tests and benches.
#pragma once

#include <napi.h>

namespace hepcapd {

// exports.decodeHep(octets, ends, fields): number; exports.decodedHepFields: string[]; decodeSip likewise.
void registerDecode(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
