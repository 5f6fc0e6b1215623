#include "bpf.h"

#include "../bpf/interpreter.h"
#include "../bpf/port_filter.h"
#include "../bpf/text.h"
#include "../capture/interface.h"
#include "../capture/ring_filter.h"
#include "values.h"

namespace hepcapd {
namespace {

uint32_t wholeOf(const Napi::Object& options, const char* name, uint32_t most) {
  const double value = numberOf(options, name);
  if (!(value >= 0 && value <= most) || value != double(uint32_t(value))) {
    throw Napi::RangeError::New(options.Env(),
                                std::string(name) + " is no number up to " + std::to_string(most));
  }
  return uint32_t(value);
}

bool flagOf(const Napi::Object& options, const char* name) { return options.Get(name).ToBoolean(); }

PortFilter filterOf(const Napi::Object& options) {
  PortFilter filter;
  filter.linkType = wholeOf(options, "linkType", UINT32_MAX);
  filter.allPorts = flagOf(options, "allPorts");
  if (!filter.allPorts) {
    filter.firstPort = uint16_t(wholeOf(options, "firstPort", UINT16_MAX));
    filter.lastPort = uint16_t(wholeOf(options, "lastPort", UINT16_MAX));
  }
  filter.tunnels = flagOf(options, "tunnels");
  if (options.Has("ipv6Chains")) filter.ipv6Chains = flagOf(options, "ipv6Chains");
  filter.snapLength = wholeOf(options, "snapLength", INT32_MAX);
  return filter;
}

std::string printed(Napi::Env env, const Program& program, const std::string& format) {
  if (format == "listing") return toListing(program);
  if (format == "initializers") return toInitializers(program);
  if (format == "numbers") return toNumbers(program);
  throw Napi::TypeError::New(env, "a filter is printed as listing, initializers or numbers");
}

// An Error with the `line` that is at fault.
Program programOf(const Napi::Value& text) {
  Program program;
  TextFault fault;
  if (parseNumbers(text.ToString().Utf8Value(), program, fault)) return program;
  Napi::Error error = Napi::Error::New(text.Env(), fault.what);
  error.Set("line", double(fault.line));
  throw error;
}

Napi::Value compileFilter(const Napi::CallbackInfo& info) {
  const Napi::Object options = info[0].ToObject();
  const PortFilter filter = filterOf(options);
  const Program program = flagOf(options, "ipip") ? ipipFilter(filter) : portFilter(filter);
  return Napi::String::New(info.Env(), printed(info.Env(), program, options.Get("format").ToString()));
}

Napi::Value parseFilter(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(programOf(info[0]).size()));
}

// With a snap length, as a packet ring attaches the program: keeping no more than so much.
Napi::Value printFilter(const Napi::CallbackInfo& info) {
  Program program = programOf(info[0]);
  if (info[2].IsNumber()) program = cutTo(std::move(program), info[2].ToNumber());
  return Napi::String::New(info.Env(), printed(info.Env(), program, info[1].ToString()));
}

Napi::Value linkTypeOfInterface(const Napi::CallbackInfo& info) {
  try {
    return Napi::Number::New(info.Env(), interfaceNamed(info[0].ToString()).linkType());
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

// The i-th packet ends at ends[i] of `octets`.
Napi::Value filterVerdicts(const Napi::CallbackInfo& info) {
  const Program program = programOf(info[0]);
  const Bytes octets = bytesOf(info[1]);
  const auto ends = info[2].As<Napi::Uint32Array>();
  auto verdicts = Napi::Uint32Array::New(info.Env(), ends.ElementLength());
  uint32_t start = 0;
  for (size_t i = 0; i < ends.ElementLength(); i++) {
    const uint32_t end = ends[i];
    if (end < start || end > octets.size) throw Napi::RangeError::New(info.Env(), "ends must ascend");
    verdicts[i] = run(program, {octets.data + start, size_t(end - start)}, end - start);
    start = end;
  }
  return verdicts;
}

}  // namespace

void registerBpf(Napi::Env env, Napi::Object exports) {
  exports.Set("compileFilter", Napi::Function::New(env, compileFilter, "compileFilter"));
  exports.Set("parseFilter", Napi::Function::New(env, parseFilter, "parseFilter"));
  exports.Set("printFilter", Napi::Function::New(env, printFilter, "printFilter"));
  exports.Set("linkTypeOf", Napi::Function::New(env, linkTypeOfInterface, "linkTypeOf"));
  exports.Set("filterVerdicts", Napi::Function::New(env, filterVerdicts, "filterVerdicts"));
}

}  // namespace hepcapd
