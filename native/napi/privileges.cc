#include "privileges.h"

#include "../os/privileges.h"
#include "values.h"

namespace hepcapd {
namespace {

template <typename Work>
Napi::Value done(const Napi::CallbackInfo& info, Work&& work) {
  try {
    return work();
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

template <typename Numbers>
Napi::Array toJs(Napi::Env env, const Numbers& numbers) {
  Napi::Array list = Napi::Array::New(env);
  for (const auto number : numbers) list.Set(list.Length(), double(number));
  return list;
}

std::vector<std::string> textsOf(const Napi::Value& value) {
  std::vector<std::string> texts;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value one = list[i];
    texts.push_back(one.ToString());
  }
  return texts;
}

Account accountOf(const Napi::Object& js) {
  Account account;
  account.uid = uid_t(numberOf(js, "uid"));
  account.gid = gid_t(numberOf(js, "gid"));
  const auto groups = js.Get("groups").As<Napi::Array>();
  for (uint32_t i = 0; i < groups.Length(); i++) {
    const Napi::Value one = groups[i];
    account.groups.push_back(one.ToNumber().Uint32Value());
  }
  return account;
}

Napi::Value account(const Napi::CallbackInfo& info) {
  return done(info, [&]() -> Napi::Value {
    const Account account = accountNamed(info[0].ToString(), info[1].ToString());
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("name", account.name);
    result.Set("home", account.home);
    result.Set("uid", double(account.uid));
    result.Set("gid", double(account.gid));
    result.Set("groups", toJs(info.Env(), account.groups));
    return result;
  });
}

Napi::Value permitted(const Napi::CallbackInfo& info) {
  return done(info, [&]() -> Napi::Value {
    const Capabilities bits = permittedCapabilities();
    std::vector<int> numbers;
    for (int one = 0; one < 64; one++) {
      if (bits >> one & 1) numbers.push_back(one);
    }
    return toJs(info.Env(), numbers);
  });
}

// givePrivilegesUp(account | null, keep)
Napi::Value giveUp(const Napi::CallbackInfo& info) {
  return done(info, [&]() -> Napi::Value {
    Capabilities keep = 0;
    for (const int one : descriptorsOf(info[1])) keep |= Capabilities(1) << one;
    const bool becomes = info[0].IsObject();
    const Account account = becomes ? accountOf(info[0].As<Napi::Object>()) : Account{};
    givePrivilegesUp(becomes ? &account : nullptr, keep);
    return info.Env().Undefined();
  });
}

Napi::Value replace(const Napi::CallbackInfo& info) {
  return done(info, [&]() -> Napi::Value {
    replaceProcess(info[0].ToString(), textsOf(info[1]), textsOf(info[2]), descriptorsOf(info[3]));
  });
}

Napi::Value keepBack(const Napi::CallbackInfo& info) {
  return done(info, [&]() -> Napi::Value {
    keepFromChildren(descriptorsOf(info[0]));
    return info.Env().Undefined();
  });
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  return done(info, [&]() -> Napi::Value { return Napi::Number::New(info.Env(), memoryFile()); });
}

Napi::Value hide(const Napi::CallbackInfo& info) {
  return done(info, [&]() -> Napi::Value {
    hideMemory();
    return info.Env().Undefined();
  });
}

}  // namespace

void registerPrivileges(Napi::Env env, Napi::Object exports) {
  exports.Set("account", Napi::Function::New(env, account, "account"));
  exports.Set("permittedCapabilities", Napi::Function::New(env, permitted, "permittedCapabilities"));
  exports.Set("givePrivilegesUp", Napi::Function::New(env, giveUp, "givePrivilegesUp"));
  exports.Set("replaceProcess", Napi::Function::New(env, replace, "replaceProcess"));
  exports.Set("keepFromChildren", Napi::Function::New(env, keepBack, "keepFromChildren"));
  exports.Set("memoryFile", Napi::Function::New(env, memory, "memoryFile"));
  exports.Set("hideMemory", Napi::Function::New(env, hide, "hideMemory"));
}

}  // namespace hepcapd
