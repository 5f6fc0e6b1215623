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
  out.missing = length > packet.size ? uint32_t(length - packet.size) : 0;
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
  out.payload = announced(ip, totalBytes, out).from(headerBytes);
  const uint16_t place = readU16(ip.data + 6);
  if (place & (kMoreFragments | kFragmentOffset)) {
    out.fragmented = true;
    out.place = {readU16(ip.data + 4), (place & kFragmentOffset) * 8u, (place & kMoreFragments) != 0};
    return Refusal::none;
  }
  return out.protocol == kAuthentication ? walkExtensions(out) : Refusal::none;
}

Refusal decodeIpv6(Bytes ip, IpPacket& out) {
  if (ip.size < kIpv6HeaderBytes) return Refusal::ipTruncated;
  out.source = Address::ipv6(ip.data + 8);
  out.destination = Address::ipv6(ip.data + 24);
  out.protocol = ip[6];
  out.payload = announced(ip.from(kIpv6HeaderBytes), readU16(ip.data + 4), out);
  return walkExtensions(out);
}

// Behind IPv4 there is one header that another may follow.
bool isExtension(uint8_t type, Family family) {
  switch (type) {
    case kAuthentication:
      return true;
    case kHopByHop:
    case kRouting:
    case kFragmentHeader:
    case kDestinationOptions:
    case kMobility:
    case kHostIdentity:
    case kShim6:
      return family == Family::ipv6;
    default:
      return false;
  }
}

size_t extensionBytes(uint8_t type, Bytes header) {
  switch (type) {
    case kAuthentication:
      return (header[1] + 2u) * 4;  // RFC 4302 section 2.2
    case kFragmentHeader:
      return 8;
    default:
      return (header[1] + 1u) * 8;
  }
}

// next header 1 | reserved 1 | offset in eights 13 bits, reserved 2, more 1 | identification 4
FragmentPlace readPlace(Bytes header) {
  const uint16_t place = readU16(header.data + 2);
  return {readU32(header.data + 4), place & 0xfff8u, (place & 1) != 0};
}

// Offset 0 and none to follow: a fragment header without a fragment (RFC 6946).
bool isAtomic(const FragmentPlace& place) { return place.offset == 0 && !place.more; }

}  // namespace

// Each turn passes eight octets at least, so the packet's size bounds the walk.
Refusal walkExtensions(IpPacket& packet) {
  packet.fragmented = false;
  while (!packet.fragmented && isExtension(packet.protocol, packet.source.family)) {
    const Bytes header = packet.payload;
    if (header.size < 8) return Refusal::ipTruncated;
    const size_t size = extensionBytes(packet.protocol, header);
    if (header.size < size) return Refusal::ipTruncated;
    if (packet.protocol == kFragmentHeader) {
      packet.place = readPlace(header);
      packet.fragmented = !isAtomic(packet.place);
    }
    packet.protocol = header[0];
    packet.payload = header.from(size);
  }
  return Refusal::none;
}

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

bool readsAsIp(Bytes ip) {
  if (ip.empty()) return false;
  if (ip[0] >> 4 == 6)
    return ip.size >= kIpv6HeaderBytes && kIpv6HeaderBytes + readU16(ip.data + 4) <= ip.size;
  if (ip[0] >> 4 != 4 || ip.size < kIpv4HeaderBytes) return false;
  const size_t headerBytes = size_t(ip[0] & 0x0f) * 4;
  const size_t totalBytes = readU16(ip.data + 2);
  return headerBytes >= kIpv4HeaderBytes && totalBytes >= headerBytes && totalBytes <= ip.size;
}

}  // namespace hepcapd
