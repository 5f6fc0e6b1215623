// The tables that C++ and TypeScript share, so that each number and name is written once.
#pragma once

#include <napi.h>

namespace hepcapd {

// exports.layout: record size and field offsets, flags; exports.columns; exports.chunks, .protocolTypes,
// .vendors.
void registerLayout(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
