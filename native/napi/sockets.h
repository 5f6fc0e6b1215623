// Sockets as JavaScript asks for them: made here, or made before the program was executed anew and handed
// over by their descriptors. Nothing here receives.
#pragma once

#include <napi.h>

#include <vector>

#include "../capture/udp_input.h"

namespace hepcapd {

// Those of a listener, one a worker, made or adopted. Throws OsError.
std::vector<UdpSocket> udpSockets(const Napi::Object& options);

// exports.openUdp(options): number[]; exports.openTcp(address, port): number; exports.openIpip(rcvbufBytes):
// number[]. Descriptors that are the caller's.
void registerSockets(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
