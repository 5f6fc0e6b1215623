// A TCP port, bound for a listener that opens later, and maybe without the privilege that the port wants.
#pragma once

#include <string>

#include "../base/fd.h"
#include "../base/os_error.h"

namespace hepcapd {

// `address` is numeric; "" is every one, of both families where the host has them. Throws OsError.
Fd bindTcp(const std::string& address, uint16_t port);

}  // namespace hepcapd
