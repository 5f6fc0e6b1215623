// Slabs as JavaScript sees them: handles, lent views, and giving them back.
#pragma once

#include <napi.h>

#include "../batch/slab.h"

namespace hepcapd {

void registerSlabs(Napi::Env env, Napi::Object exports);

SlabHandle handleOf(const Napi::Value& value);
// {handle, input, rows}
Napi::Object sealedToJs(Napi::Env env, SlabHandle handle, const Slab& slab);
// An ArrayBuffer that keeps the pool's memory mapped, not the slab from being reused.
Napi::ArrayBuffer viewOf(Napi::Env env, const Slab& slab, const std::shared_ptr<SlabPool>& pool);

}  // namespace hepcapd
