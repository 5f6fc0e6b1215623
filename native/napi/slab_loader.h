// Slabs from the disk, as JavaScript sees them.
//
// Threads: used on the JavaScript thread that made it.
// Lifetime: loaded slabs live until they are released, also when the loader is gone.
#pragma once

#include <napi.h>

#include "../batch/slab_loader.h"

namespace hepcapd {

void registerSlabLoader(Napi::Env env, Napi::Object exports);

class SlabLoaderObject : public Napi::ObjectWrap<SlabLoaderObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SlabLoaderObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value load(const Napi::CallbackInfo& info);

  std::unique_ptr<SlabLoader> loader_;
};

}  // namespace hepcapd
