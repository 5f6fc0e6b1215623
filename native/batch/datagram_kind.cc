#include "datagram_kind.h"

#include <algorithm>

#include "../hep/wire.h"
#include "../sip/message.h"

namespace hepcapd {
namespace {

constexpr size_t kStunHeader = 20;
constexpr uint32_t kStunCookie = 0x2112a442;

bool isKeepAlive(Bytes datagram) {
  return std::all_of(datagram.begin(), datagram.end(), [](uint8_t octet) {
    return octet == '\r' || octet == '\n' || octet == ' ' || octet == '\t' || octet == 0;
  });
}

// Two zero bits, a length in whole words that is the datagram's, and the cookie.
bool isStun(Bytes datagram) {
  return datagram.size >= kStunHeader && datagram[0] < 0x40 && readU32(datagram.data + 4) == kStunCookie &&
         datagram.size % 4 == 0 && readU16(datagram.data + 2) == datagram.size - kStunHeader;
}

bool isHep(Bytes datagram) {
  if (datagram[0] != 1 && datagram[0] != 2) {
    return datagram.size >= wire::kMagicSize && wire::mayStartV3(datagram);
  }
  HepPacket hep;
  return parseHep(datagram, hep) == HepFault::none;
}

}  // namespace

// STUN first: its answers begin with the octet of a version 1.
DatagramKind kindOf(Bytes datagram) {
  if (isKeepAlive(datagram)) return DatagramKind::keepAlive;
  if (isStun(datagram)) return DatagramKind::stun;
  if (isHep(datagram)) return DatagramKind::hep;
  return looksLikeSip(datagram) ? DatagramKind::sip : DatagramKind::other;
}

}  // namespace hepcapd
