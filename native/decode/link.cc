#include "link.h"

#include "mpls.h"

namespace hepcapd {
namespace {

// The pcap registry. 12 and 14 are what some systems write for raw IP (DLT_RAW).
enum LinkType : uint32_t {
  kNull = 0,
  kEthernet = 1,
  kPpp = 9,
  kRawBsd = 12,
  kRawOpenBsd = 14,
  kPppHdlc = 50,
  kPppoe = 51,
  kRaw = 101,
  kCiscoHdlc = 104,
  kLoop = 108,
  kCooked = 113,
  kMpls = 219,
  kIpv4 = 228,
  kIpv6 = 229,
  kCooked2 = 276,
};

enum PppProtocol : uint16_t {
  kPppIpv4 = 0x0021,
  kPppIpv6 = 0x0057,
  kPppMpls = 0x0281,
  kPppMplsMulticast = 0x0283,
};

// Headers behind one another: tags, PPPoE, LLC, pseudowires. Twice what was ever seen in the field.
constexpr int kMostLinkHeaders = 16;
constexpr size_t kEthernetBytes = 14;
constexpr uint16_t kMostLength =
    1500;  // what is not more is a length (802.3), or Linux's number for 802.2: no type

// One header after another, each step naming the next. `rest` begins behind the type.
struct Walk {
  uint16_t type;
  Bytes rest;
  Link& out;
  bool found = false;

  Refusal run() {
    for (int headers = 0; headers <= kMostLinkHeaders; headers++) {
      const Refusal refusal = step();
      if (found || refusal != Refusal::none) return refusal;
    }
    return Refusal::linkDepth;
  }

 private:
  Refusal step() {
    switch (type) {
      case kTypeIpv4:
      case kTypeIpv6:
        out.ip = rest;
        found = true;
        return Refusal::none;
      case kTypeVlan:
      case kTypeProvider:
      case kTypeOldProvider:
        return tag();
      case kTypeTransparentEthernet:
        return next(12, kEthernetBytes);
      case kTypeMpls:
      case kTypeMplsMulticast:
        return decodeMpls(rest, type, rest);
      case kTypePppoeSession:
        return pppoe();
      default:
        return type <= kMostLength ? llc() : Refusal::notIp;
    }
  }

  Refusal next(size_t typeAt, size_t headerBytes) {
    if (rest.size < headerBytes) return Refusal::linkTruncated;
    type = readU16(rest.data + typeAt);
    rest = rest.from(headerBytes);
    return Refusal::none;
  }

  // A tag is two octets of control (priority 4 bits, VLAN 12 bits), then the next type.
  Refusal tag() {
    if (rest.size < 4) return Refusal::linkTruncated;
    out.scope = within(out.scope, readU16(rest.data) & 0x0fffu);
    return next(2, 4);
  }

  // Service access point 6 is IP (RFC 948); 0xaa is SNAP, where organisation 0 means EtherTypes (RFC 1042).
  Refusal llc() {
    if (rest.size < 3) return Refusal::linkTruncated;
    const uint32_t head = readU16(rest.data) << 8u | rest[2];
    if (head == 0x060603) return next(kTypeIpv4, rest.from(3));
    if (head != 0xaaaa03) return Refusal::notIp;
    if (rest.size < 8) return Refusal::linkTruncated;
    const uint32_t organisation = readU16(rest.data + 3) << 8u | rest[5];
    if (organisation != 0 && organisation != 0x0000f8) return Refusal::notIp;
    if (readU16(rest.data + 6) <= kMostLength) return Refusal::notIp;  // a type, not one more length
    return next(6, 8);
  }

  Refusal next(EtherType known, Bytes behind) {
    type = known;
    rest = behind;
    return Refusal::none;
  }

  // RFC 2516 section 4: version and type 1, code 0 in a session.
  Refusal pppoe() {
    if (rest.size < 6) return Refusal::linkTruncated;
    if (readU16(rest.data) != 0x1100) return Refusal::notIp;
    rest = rest.from(6);
    return ppp();
  }

 public:
  // RFC 1661 section 2 and 6.5: a protocol number's first octet is even; 0 may be left out, and the second is
  // odd.
  Refusal ppp() {
    if (!rest.empty() && rest[0] == 0xff) rest = rest.from(2);  // address and control, always ff 03
    if (rest.empty()) return Refusal::linkTruncated;
    const size_t protocolBytes = rest[0] & 1 ? 1 : 2;
    if (rest.size < protocolBytes) return Refusal::linkTruncated;
    const Bytes behind = rest.from(protocolBytes);
    switch (protocolBytes == 1 ? rest[0] : readU16(rest.data)) {
      case kPppIpv4:
        return next(kTypeIpv4, behind);
      case kPppIpv6:
        return next(kTypeIpv6, behind);
      case kPppMpls:
      case kPppMplsMulticast:
        return next(kTypeMpls, behind);
      default:
        return Refusal::notIp;
    }
  }
};

Refusal decodeTyped(Bytes frame, size_t typeAt, size_t headerBytes, Link& out) {
  if (frame.size < headerBytes) return Refusal::linkTruncated;
  return decodeCarried(readU16(frame.data + typeAt), frame.from(headerBytes), out);
}

Refusal decodePpp(Bytes frame, Link& out) {
  Walk walk{0, frame, out};
  const Refusal refusal = walk.ppp();
  return refusal != Refusal::none ? refusal : walk.run();
}

// AF_INET is 2 everywhere; AF_INET6 is 24, 28 or 30 on the BSDs and 10 on Linux. No family needs more than
// 16 bits, so a larger number is one of the other byte order.
Refusal decodeLoopback(Bytes frame, Link& out) {
  if (frame.size < 4) return Refusal::linkTruncated;
  const uint32_t little = readU32Little(frame.data);
  const uint32_t family = little > UINT16_MAX ? readU32(frame.data) : little;
  const bool known = family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
  if (!known) return Refusal::notIp;
  out.ip = frame.from(4);
  return Refusal::none;
}

}  // namespace

Refusal decodeCarried(uint16_t type, Bytes rest, Link& out) {
  if (type == kTypeIpv4 || type == kTypeIpv6) {  // nearly every frame
    out.ip = rest;
    return Refusal::none;
  }
  return Walk{type, rest, out}.run();
}

Refusal decodeLink(uint32_t linkType, Bytes frame, Link& out) {
  switch (linkType) {
    case kEthernet:
      return decodeTyped(frame, 12, kEthernetBytes, out);
    case kCooked:
      return decodeTyped(frame, 14, 16, out);
    case kCooked2:
      return decodeTyped(frame, 0, 20, out);
    case kCiscoHdlc:
      return decodeTyped(frame, 2, 4, out);
    case kNull:
    case kLoop:
      return decodeLoopback(frame, out);
    case kPpp:
    case kPppHdlc:
      return decodePpp(frame, out);
    case kPppoe:
      return decodeCarried(kTypePppoeSession, frame, out);
    case kMpls:
      return decodeCarried(kTypeMpls, frame, out);
    case kRaw:
    case kRawBsd:
    case kRawOpenBsd:
    case kIpv4:
    case kIpv6:
      out.ip = frame;
      return Refusal::none;
    default:
      return Refusal::linkType;
  }
}

}  // namespace hepcapd
