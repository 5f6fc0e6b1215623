// What the kernel says of the host: its clock, its interfaces, its packet sockets. Nothing is changed by
// asking.
#pragma once

#include <napi.h>

namespace hepcapd {

// exports.interfaceState(name): {up, loopback, carrier, promiscuous, mtu, linkType, features};
// exports.packetSocketState(): {socket, version, ring, fanout, overflow}: names of errors, '' for none;
// exports.clockState(): {synchronized, maxErrorUs}.
void registerHost(Napi::Env env, Napi::Object exports);

}  // namespace hepcapd
