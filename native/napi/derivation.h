// Rows that routes changed, as JavaScript sees them: made one by one, read in the open slab and after.
//
// Threads: used on the JavaScript thread that made it.
// Lifetime: sealed slabs live until they are released; the open one until the derivation and its views are
// gone.
#pragma once

#include <napi.h>

#include "../batch/derivation.h"

namespace hepcapd {

void registerDerivation(Napi::Env env, Napi::Object exports);

class DerivationObject : public Napi::ObjectWrap<DerivationObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit DerivationObject(const Napi::CallbackInfo& info);

 private:
  struct Source;

  Napi::Value edit(const Napi::CallbackInfo& info);
  Napi::Value copy(const Napi::CallbackInfo& info);
  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value view(const Napi::CallbackInfo& info);
  Napi::Value seal(const Napi::CallbackInfo& info);

  Source sourceOf(const Napi::CallbackInfo& info) const;

  std::unique_ptr<Derivation> derivation_;
};

}  // namespace hepcapd
