#include "mpls.h"

#include "ip.h"
#include "link.h"

namespace hepcapd {
namespace {

constexpr size_t kMostLabels = 32;
constexpr size_t kControlWordBytes = 4;

bool readsAsEthernet(Bytes frame) {
  if (frame.size < 14) return false;
  switch (readU16(frame.data + 12)) {
    case kTypeIpv4:
    case kTypeIpv6:
    case kTypeVlan:
    case kTypeProvider:
    case kTypeOldProvider:
    case kTypeMpls:
    case kTypePppoeSession:
      return true;
    default:
      return false;
  }
}

// With a header of IP in it that agrees with its octets.
bool surelyEthernet(Bytes frame) {
  if (!readsAsEthernet(frame)) return false;
  size_t at = 12;
  while (frame.size >= at + 6 && readU16(frame.data + at) == kTypeVlan) at += 4;
  const uint16_t type = readU16(frame.data + at);
  return (type == kTypeIpv4 || type == kTypeIpv6) && readsAsIp(frame.from(at + 2));
}

}  // namespace

// A hardware address may begin with 4 or 6 as an IP header does (RFC 8469), so a frame that reads to its IP
// header goes first. A control word begins with 0, as many hardware addresses do.
Refusal decodeMpls(Bytes labels, uint16_t& type, Bytes& rest) {
  size_t at = 0;
  for (bool bottom = false; !bottom; at += 4) {
    if (at >= 4 * kMostLabels) return Refusal::linkDepth;
    if (labels.size < at + 4) return Refusal::linkTruncated;
    bottom = labels[at + 2] & 1;
  }
  rest = labels.from(at);
  if (rest.empty()) return Refusal::linkTruncated;
  const uint8_t version = rest[0] >> 4;
  if ((version == 4 || version == 6) && !surelyEthernet(rest)) {
    type = kTypeIpv4;
    return Refusal::none;
  }
  type = kTypeTransparentEthernet;
  const Bytes wired = rest.from(kControlWordBytes);
  if (version == 0 && readsAsEthernet(wired)) {
    rest = wired;
    return Refusal::none;
  }
  return readsAsEthernet(rest) ? Refusal::none : Refusal::notIp;
}

}  // namespace hepcapd
