// Rows of a slab as messages of PostgreSQL's COPY, written into a Buffer.
#pragma once

#include <napi.h>

namespace hepcapd {

void registerCopyRows(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
