// What a frame carries to the transport layer: one UDP datagram, or one TCP segment.
#pragma once

#include "../base/address.h"
#include "../base/bytes.h"

namespace hepcapd {

inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolUdp = 17;

enum TcpFlag : uint8_t {
  kTcpFin = 1 << 0,
  kTcpSyn = 1 << 1,
  kTcpReset = 1 << 2,
  kTcpPush = 1 << 3,
  kTcpAck = 1 << 4,
};

// `payload` lies in the frame, or in the memory of whoever put its fragments together, and is valid until
// that one is given its next frame.
struct Segment {
  Address source;
  Address destination;
  uint16_t sourcePort = 0;
  uint16_t destinationPort = 0;
  uint8_t protocol = 0;   // kProtocolTcp or kProtocolUdp
  uint8_t tcpFlags = 0;   // TcpFlag
  uint32_t sequence = 0;  // TCP: of the first octet of the payload, or of the SYN
  uint32_t missing = 0;   // TCP: octets that the snap length cut off the end of the payload
  Bytes payload;
};

}  // namespace hepcapd
