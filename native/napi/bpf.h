// Packet filters for JavaScript: compiled, read and run. What is captured is filtered in the kernel; here
// they are printed and proven.
#pragma once

#include <napi.h>

namespace hepcapd {

// exports.compileFilter(options): string; exports.parseFilter(text): number;
// exports.printFilter(text, format, snapLength?): string; exports.linkTypeOf(interface): number;
// exports.filterVerdicts(text, octets, ends): Uint32Array.
void registerBpf(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
