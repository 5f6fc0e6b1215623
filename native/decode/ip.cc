#include "ip.h"

namespace hepcapd {
namespace {

constexpr size_t kIpv4HeaderBytes = 20;
constexpr size_t kIpv6HeaderBytes = 40;
constexpr uint16_t kMoreFragments = 0x2000;
constexpr uint16_t kFragmentOffset = 0x1fff;

enum NextHeader : uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragmentHeader = 44,
  kAuthentication = 51,
  kDestinationOptions = 60,
  kMobility = 135,
  kHostIdentity = 139,
  kShim6 = 140,
};

// Cuts `packet` to the length that its header announces; 0 announces nothing.
Bytes announced(Bytes packet, size_t length, IpPacket& out) {
  out.sizeless = length == 0;
  out.cutShort = length > packet.size;
  return length == 0 ? packet : packet.first(length);
}

Refusal decodeIpv4(Bytes ip, IpPacket& out) {
  if (ip.size < kIpv4HeaderBytes) return Refusal::ipTruncated;
  const size_t headerBytes = size_t(ip[0] & 0x0f) * 4;
  const size_t totalBytes = readU16(ip.data + 2);
  if (headerBytes < kIpv4HeaderBytes) return Refusal::ipMalformed;
  if (totalBytes != 0 && totalBytes < headerBytes) return Refusal::ipMalformed;
  if (ip.size < headerBytes) return Refusal::ipTruncated;
  out.source = Address::ipv4(ip.data + 12);
  out.destination = Address::ipv4(ip.data + 16);
  out.protocol = ip[9];
  if (readU16(ip.data + 6) & (kMoreFragments | kFragmentOffset)) return Refusal::fragment;
  out.payload = announced(ip, totalBytes, out).from(headerBytes);
  return Refusal::none;
}

// The size of an extension header, or 0 when `header` is none that is followed by another.
size_t extensionBytes(uint8_t type, Bytes header) {
  switch (type) {
    case kHopByHop:
    case kRouting:
    case kDestinationOptions:
    case kMobility:
    case kHostIdentity:
    case kShim6:
      return (header[1] + 1u) * 8;
    case kAuthentication:
      return (header[1] + 2u) * 4;  // RFC 4302 section 2.2
    case kFragmentHeader:
      return 8;
    default:
      return 0;
  }
}

bool isExtension(uint8_t type) {
  static constexpr uint8_t kAnyLength[2] = {0, 0};
  return extensionBytes(type, {kAnyLength, size_t(2)}) != 0;
}

// A fragment header without a fragment: offset 0 and none to follow (RFC 6946).
bool isAtomic(Bytes header) { return (readU16(header.data + 2) & 0xfff9) == 0; }

// Each turn passes eight octets at least, so the packet's size bounds the walk.
Refusal walkExtensions(uint8_t type, Bytes rest, IpPacket& out) {
  while (isExtension(type)) {
    if (rest.size < 8) return Refusal::ipTruncated;
    const size_t size = extensionBytes(type, rest);
    if (rest.size < size) return Refusal::ipTruncated;
    if (type == kFragmentHeader && !isAtomic(rest)) return Refusal::fragment;
    type = rest[0];
    rest = rest.from(size);
  }
  out.protocol = type;
  out.payload = rest;
  return Refusal::none;
}

Refusal decodeIpv6(Bytes ip, IpPacket& out) {
  if (ip.size < kIpv6HeaderBytes) return Refusal::ipTruncated;
  out.source = Address::ipv6(ip.data + 8);
  out.destination = Address::ipv6(ip.data + 24);
  return walkExtensions(ip[6], announced(ip.from(kIpv6HeaderBytes), readU16(ip.data + 4), out), out);
}

}  // namespace

Refusal decodeIp(Bytes ip, IpPacket& out) {
  if (ip.empty()) return Refusal::ipTruncated;
  switch (ip[0] >> 4) {
    case 4:
      return decodeIpv4(ip, out);
    case 6:
      return decodeIpv6(ip, out);
    default:
      return Refusal::ipMalformed;
  }
}

}  // namespace hepcapd
