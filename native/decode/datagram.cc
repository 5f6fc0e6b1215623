#include "datagram.h"

#include <iterator>

#include "ip.h"
#include "link.h"

namespace hepcapd {
namespace {

constexpr uint8_t kUdp = 17;
constexpr size_t kUdpHeaderBytes = 8;

// source port 2 | destination port 2 | length 2, these eight octets included | checksum 2
// The checksum is not looked at: hosts that compute it in the network card show us none.
Refusal decodeUdp(const IpPacket& ip, Datagram& out) {
  const Bytes segment = ip.payload;
  if (segment.size < kUdpHeaderBytes) return ip.cutShort ? Refusal::udpTruncated : Refusal::udpMalformed;
  size_t length = readU16(segment.data + 4);
  if (length == 0 && ip.sizeless) length = segment.size;  // RFC 2675 section 4
  if (length < kUdpHeaderBytes) return Refusal::udpMalformed;
  if (length > segment.size) return ip.cutShort ? Refusal::udpTruncated : Refusal::udpMalformed;
  out.sourcePort = readU16(segment.data);
  out.destinationPort = readU16(segment.data + 2);
  out.payload = segment.first(length).from(kUdpHeaderBytes);
  return Refusal::none;
}

}  // namespace

const char* refusalName(Refusal refusal) {
  static constexpr const char* names[] = {"none",          "link_type",    "link_truncated", "not_ip",
                                          "ip_truncated",  "ip_malformed", "fragment",       "not_udp",
                                          "udp_truncated", "udp_malformed"};
  static_assert(std::size(names) == size_t(Refusal::count));
  return names[size_t(refusal)];
}

Refusal decodeFrame(uint32_t linkType, Bytes frame, Datagram& out) {
  Bytes octets;
  if (const Refusal refusal = decodeLink(linkType, frame, octets); refusal != Refusal::none) return refusal;
  IpPacket ip;
  if (const Refusal refusal = decodeIp(octets, ip); refusal != Refusal::none) return refusal;
  if (ip.protocol != kUdp) return Refusal::notUdp;
  out.source = ip.source;
  out.destination = ip.destination;
  out.protocol = ip.protocol;
  return decodeUdp(ip, out);
}

}  // namespace hepcapd
