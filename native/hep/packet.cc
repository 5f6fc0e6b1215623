// The door of the HEP stage: which version a datagram has, and the names of faults. It must never look
// beyond the magic; the version parsers do the rest.
#include "packet.h"

#include "wire.h"

namespace hepcapd {

// An empty datagram and one that stops inside the magic are tooShort: more octets could have made them HEP.
// Anything else that does not start as HEP does is badMagic, however short: keep-alive probes end here.
HepFault parseHep(Bytes packet, HepPacket& out) {
  if (packet.empty()) return HepFault::tooShort;
  if (packet[0] == 1 || packet[0] == 2) return wire::parseV1V2(packet, out);
  return wire::mayStartV3(packet) ? wire::parseV3(packet, out) : HepFault::badMagic;
}

const char* faultName(HepFault fault) {
  switch (fault) {
    case HepFault::none:
      return "none";
    case HepFault::tooShort:
      return "too_short";
    case HepFault::badMagic:
      return "bad_magic";
    case HepFault::badFamily:
      return "bad_family";
    case HepFault::badLength:
      return "bad_length";
    case HepFault::badChunkLength:
      return "bad_chunk_length";
    case HepFault::familyContradiction:
      return "family_contradiction";
    case HepFault::count:
      break;
  }
  return "unknown";
}

}  // namespace hepcapd
