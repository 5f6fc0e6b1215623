#include "host.h"

#include <sys/timex.h>
#include <uv.h>

#include "../capture/interface_state.h"
#include "values.h"

namespace hepcapd {
namespace {

Napi::Value stateOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  try {
    const InterfaceState state = interfaceState(info[0].ToString());
    Napi::Object result = Napi::Object::New(env);
    result.Set("up", state.interface.up);
    result.Set("loopback", state.interface.loopback);
    result.Set("carrier", state.carrier);
    result.Set("promiscuous", state.promiscuous);
    result.Set("mtu", state.mtu);
    result.Set("linkType", double(state.interface.linkType()));
    Napi::Array features = Napi::Array::New(env, state.features.size());
    for (uint32_t at = 0; at < state.features.size(); at++) features.Set(at, state.features[at]);
    result.Set("features", features);
    return result;
  } catch (const OsError& error) {
    throw toJsError(env, error);
  }
}

const char* nameOf(int error) { return error == 0 ? "" : uv_err_name(-error); }

Napi::Value socketState(const Napi::CallbackInfo& info) {
  const PacketSocketState state = packetSocketState();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("socket", nameOf(state.socket));
  result.Set("version", nameOf(state.version));
  result.Set("ring", nameOf(state.ring));
  result.Set("fanout", nameOf(state.fanout));
  result.Set("overflow", nameOf(state.overflow));
  return result;
}

// adjtimex(2) without a mode only reads, and needs no privilege.
Napi::Value clockState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  timex clock{};
  const int state = ::adjtimex(&clock);
  if (state < 0) throw toJsError(env, OsError("adjtimex", errno));
  Napi::Object result = Napi::Object::New(env);
  result.Set("synchronized", state != TIME_ERROR && !(clock.status & STA_UNSYNC));
  result.Set("maxErrorUs", double(clock.maxerror));
  return result;
}

}  // namespace

void registerHost(Napi::Env env, Napi::Object exports) {
  exports.Set("interfaceState", Napi::Function::New(env, stateOf, "interfaceState"));
  exports.Set("packetSocketState", Napi::Function::New(env, socketState, "packetSocketState"));
  exports.Set("clockState", Napi::Function::New(env, clockState, "clockState"));
}

}  // namespace hepcapd
