// Why a message ends before it becomes a row, and the names that the ledger, the metrics and the table of
// agents have for that.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hepcapd {

// The first is `queue/full`, then come those of the kernel, of who may send (`acl/...`, `rate/...`), the
// faults of parseHep() as `hep/...` and what is wrong with keys, the faults of the stream framer as
// `tcp/...`, of WebSockets as `ws/...`, and what is neither SIP nor HEP on a port for both as `udp/...`.
enum class Drop : uint8_t {
  queueFull,
  kernelReceiveBuffer,
  kernelRing,
  aclNotAllowed,
  rateLimited,
  hepTooShort,
  hepBadMagic,
  hepBadFamily,
  hepBadLength,
  hepBadChunkLength,
  hepFamilyContradiction,
  hepNoKey,
  hepBadKey,
  tcpBadMagic,
  tcpBadLength,
  tcpIncomplete,
  tcpTimeout,
  wsTextMessage,
  wsBadMessage,
  wsBadFrame,
  wsTooLong,
  wsIncomplete,
  wsTimeout,
  udpNotSipOrHep,
  udpHepOff,
  udpKeepAlive,
  udpStun,
  count
};
const char* dropName(Drop drop);  // "STAGE/REASON", as the ledger and the metrics have it

}  // namespace hepcapd
