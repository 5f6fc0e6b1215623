// Small conversions between JavaScript values and ours.
#pragma once

#include <napi.h>

#include <vector>

#include "../base/address.h"
#include "../base/bytes.h"
#include "../base/os_error.h"

namespace hepcapd {

// An Error with `code` (EADDRINUSE, ...), `syscall` and `cure`.
Napi::Error toJsError(Napi::Env env, const OsError& error);

inline double numberOf(const Napi::Object& options, const char* name) {
  return options.Get(name).ToNumber().DoubleValue();
}

// The octets of a Buffer, Uint8Array or ArrayBuffer; throws a TypeError for anything else.
Bytes bytesOf(const Napi::Value& value);

// Of an array of numbers; none for anything else.
std::vector<int> descriptorsOf(const Napi::Value& value);

// "192.0.2.1", "2001:db8::1" or "fe80::1%eth0"; Family::none when the text is none of these.
Address addressOf(const std::string& scoped);

}  // namespace hepcapd
