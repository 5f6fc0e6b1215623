#include "slabs.h"

namespace hepcapd {
namespace {

// lend(handle): ArrayBuffer over the sealed slab, in any thread's environment. release() detaches what it is
// given.
Napi::Value lend(const Napi::CallbackInfo& info) {
  const SlabPool::Reader reader = SlabPool::read(handleOf(info[0]));
  if (!reader) throw Napi::Error::New(info.Env(), "no sealed slab has this handle");
  return viewOf(info.Env(), *reader, reader.pool());
}

// release(handle, view?): boolean. The slab goes back to the pool; a view of it has length 0 from here on.
Napi::Value release(const Napi::CallbackInfo& info) {
  if (info[1].IsArrayBuffer()) info[1].As<Napi::ArrayBuffer>().Detach();
  std::shared_ptr<SlabPool> pool;
  {
    SlabPool::Reader reader = SlabPool::read(handleOf(info[0]));
    if (reader) pool = reader.pool();
  }
  return Napi::Boolean::New(info.Env(), pool && pool->release(handleOf(info[0])));
}

// filledOctets(handle): how much of a sealed slab messages have, from its start.
Napi::Value filledOctets(const Napi::CallbackInfo& info) {
  const SlabPool::Reader reader = SlabPool::read(handleOf(info[0]));
  if (!reader) throw Napi::Error::New(info.Env(), "no sealed slab has this handle");
  return Napi::Number::New(info.Env(), reader->used());
}

}  // namespace

SlabHandle handleOf(const Napi::Value& value) { return SlabHandle(value.ToNumber().Int64Value()); }

Napi::Object sealedToJs(Napi::Env env, SlabHandle handle, const Slab& slab) {
  Napi::Object sealed = Napi::Object::New(env);
  sealed.Set("handle", double(handle));
  sealed.Set("input", double(slab.input()));
  sealed.Set("rows", double(slab.rows()));
  return sealed;
}

Napi::ArrayBuffer viewOf(Napi::Env env, const Slab& slab, const std::shared_ptr<SlabPool>& pool) {
  auto* keep = new std::shared_ptr<SlabPool>(pool);
  return Napi::ArrayBuffer::New(env, const_cast<uint8_t*>(slab.base()), slab.capacity(),
                                [keep](Napi::Env, void*) { delete keep; });
}

void registerSlabs(Napi::Env env, Napi::Object exports) {
  exports.Set("lend", Napi::Function::New(env, lend, "lend"));
  exports.Set("filledOctets", Napi::Function::New(env, filledOctets, "filledOctets"));
  exports.Set("release", Napi::Function::New(env, release, "release"));
}

}  // namespace hepcapd
