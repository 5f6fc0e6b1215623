// Rows of a slab as values that JavaScript cuts its strings from.
#pragma once

#include <napi.h>

namespace hepcapd {

void registerValueRows(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
