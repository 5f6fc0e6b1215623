#include "slab_loader.h"

#include "../batch/filing.h"
#include "slabs.h"
#include "values.h"

namespace hepcapd {

Napi::Function SlabLoaderObject::define(Napi::Env env) {
  return DefineClass(env, "SlabLoader", {InstanceMethod<&SlabLoaderObject::load>("load")});
}

// new SlabLoader({slabBytes, slabs})
SlabLoaderObject::SlabLoaderObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SlabLoaderObject>(info) {
  const Napi::Object options = info[0].As<Napi::Object>();
  const double slabBytes = numberOf(options, "slabBytes");
  const double slabs = numberOf(options, "slabs");
  if (!(slabBytes >= kSmallestSlab && slabBytes <= UINT32_MAX / 2 && slabs >= 1)) {
    throw Napi::RangeError::New(info.Env(), "slabBytes is 2 MiB at least and slabs is 1 at least");
  }
  loader_ = std::make_unique<SlabLoader>(size_t(slabBytes), size_t(slabs));
}

// load(input, octets, records): a sealed slab, null when there is no room, or undefined for what is damaged.
Napi::Value SlabLoaderObject::load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const uint32_t input = info[0].ToNumber().Uint32Value();
  switch (loader_->load(input, bytesOf(info[1]), bytesOf(info[2]))) {
    case SlabLoader::Fault::none: {
      const SlabPool::Reader slab = SlabPool::read(loader_->handle());
      return sealedToJs(env, loader_->handle(), *slab);
    }
    case SlabLoader::Fault::no_room:
      return env.Null();
    default:
      return env.Undefined();
  }
}

void registerSlabLoader(Napi::Env env, Napi::Object exports) {
  exports.Set("SlabLoader", SlabLoaderObject::define(env));
}

}  // namespace hepcapd
