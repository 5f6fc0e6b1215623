// Rows of a slab as one Buffer in ClickHouse's RowBinary.
#pragma once

#include <napi.h>

namespace hepcapd {

void registerRowBinary(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
