// HEP packets as numbers, without an engine: for tools, tests and benches.
#pragma once

#include <napi.h>

namespace hepcapd {

// exports.decodeHep(octets, ends, fields): number; exports.decodedHepFields: string[].
void registerDecode(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
