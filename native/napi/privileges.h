// Privileges as JavaScript asks for them: accounts by name, capabilities by their numbers (capabilities(7)).
#pragma once

#include <napi.h>

namespace hepcapd {

// exports.account(user, group), permittedCapabilities(), givePrivilegesUp(account, keep),
// replaceProcess(path, arguments, environment, descriptors), keepFromChildren(descriptors), memoryFile(),
// hideMemory().
void registerPrivileges(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
