#include "link.h"

namespace hepcapd {
namespace {

// The pcap registry. 12 and 14 are what some systems write for raw IP (DLT_RAW).
enum LinkType : uint32_t {
  kNull = 0,
  kEthernet = 1,
  kRawBsd = 12,
  kRawOpenBsd = 14,
  kRaw = 101,
  kLoop = 108,
  kCooked = 113,
  kIpv4 = 228,
  kIpv6 = 229,
  kCooked2 = 276,
};

enum EtherType : uint16_t {
  kTypeIpv4 = 0x0800,
  kTypeIpv6 = 0x86dd,
  kTypeVlan = 0x8100,
  kTypeProvider = 0x88a8,
  kTypeOldProvider = 0x9100,
};

bool isTag(uint16_t type) { return type == kTypeVlan || type == kTypeProvider || type == kTypeOldProvider; }

// `rest` begins behind the type. A tag is two octets of control, then the next type.
Refusal afterType(uint16_t type, Bytes rest, Bytes& ip) {
  while (isTag(type)) {
    if (rest.size < 4) return Refusal::linkTruncated;
    type = readU16(rest.data + 2);
    rest = rest.from(4);
  }
  if (type != kTypeIpv4 && type != kTypeIpv6) return Refusal::notIp;
  ip = rest;
  return Refusal::none;
}

Refusal decodeTyped(Bytes frame, size_t typeAt, size_t headerBytes, Bytes& ip) {
  if (frame.size < headerBytes) return Refusal::linkTruncated;
  return afterType(readU16(frame.data + typeAt), frame.from(headerBytes), ip);
}

// AF_INET is 2 everywhere; AF_INET6 is 24, 28 or 30 on the BSDs and 10 on Linux. No family needs more than
// 16 bits, so a larger number is one of the other byte order.
Refusal decodeLoopback(Bytes frame, Bytes& ip) {
  if (frame.size < 4) return Refusal::linkTruncated;
  const uint32_t little = readU32Little(frame.data);
  const uint32_t family = little > UINT16_MAX ? readU32(frame.data) : little;
  const bool known = family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
  if (!known) return Refusal::notIp;
  ip = frame.from(4);
  return Refusal::none;
}

}  // namespace

Refusal decodeLink(uint32_t linkType, Bytes frame, Bytes& ip) {
  switch (linkType) {
    case kEthernet:
      return decodeTyped(frame, 12, 14, ip);
    case kCooked:
      return decodeTyped(frame, 14, 16, ip);
    case kCooked2:
      return decodeTyped(frame, 0, 20, ip);
    case kNull:
    case kLoop:
      return decodeLoopback(frame, ip);
    case kRaw:
    case kRawBsd:
    case kRawOpenBsd:
    case kIpv4:
    case kIpv6:
      ip = frame;
      return Refusal::none;
    default:
      return Refusal::linkType;
  }
}

}  // namespace hepcapd
