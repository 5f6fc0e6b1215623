#include "drop.h"

namespace hepcapd {

const char* dropName(Drop drop) {
  switch (drop) {
    case Drop::queueFull:
      return "queue/full";
    case Drop::kernelReceiveBuffer:
      return "kernel/rxq_ovfl";
    case Drop::kernelRing:
      return "kernel/tp_drops";
    case Drop::aclNotAllowed:
      return "acl/not_allowed";
    case Drop::rateLimited:
      return "rate/limited";
    case Drop::hepTooShort:
      return "hep/too_short";
    case Drop::hepBadMagic:
      return "hep/bad_magic";
    case Drop::hepBadFamily:
      return "hep/bad_family";
    case Drop::hepBadLength:
      return "hep/bad_length";
    case Drop::hepBadChunkLength:
      return "hep/bad_chunk_length";
    case Drop::hepFamilyContradiction:
      return "hep/family_contradiction";
    case Drop::hepNoKey:
      return "hep/no_key";
    case Drop::hepBadKey:
      return "hep/bad_key";
    case Drop::tcpBadMagic:
      return "tcp/bad_magic";
    case Drop::tcpBadLength:
      return "tcp/bad_length";
    case Drop::tcpIncomplete:
      return "tcp/incomplete";
    case Drop::tcpTimeout:
      return "tcp/timeout";
    case Drop::wsTextMessage:
      return "ws/text_message";
    case Drop::wsBadMessage:
      return "ws/bad_message";
    case Drop::wsBadFrame:
      return "ws/bad_frame";
    case Drop::wsTooLong:
      return "ws/too_long";
    case Drop::wsIncomplete:
      return "ws/incomplete";
    case Drop::wsTimeout:
      return "ws/timeout";
    case Drop::udpNotSipOrHep:
      return "udp/not_sip_or_hep";
    case Drop::udpHepOff:
      return "udp/hep_off";
    case Drop::udpKeepAlive:
      return "udp/keep_alive";
    case Drop::udpStun:
      return "udp/stun";
    case Drop::count:
      break;
  }
  return "";
}

}  // namespace hepcapd
