#include "dissector.h"

#include "transport.h"
#include "tunnel.h"

namespace hepcapd {
namespace {

constexpr int kMostTunnels = 8;

// `outcome` is what the transport layer said of the packet.
bool openTunnel(const IpPacket& ip, const Segment& segment, Refusal outcome, Tunnel& out) {
  if (outcome == Refusal::notUdpOrTcp) return openIpTunnel(ip.protocol, ip.payload, out);
  if (segment.protocol != kProtocolUdp) return false;
  if (!isTunnelPort(segment.destinationPort) && !isTunnelPort(segment.sourcePort)) return false;
  // A snap length that cut the outer datagram may have left the headers of the inner packet whole.
  const bool readable = outcome == Refusal::none || outcome == Refusal::udpTruncated;
  return readable && openUdpTunnel(segment, out);
}

uint64_t scopeInside(uint64_t scope, const IpPacket& ip, const Tunnel& tunnel) {
  for (const Address* address : {&ip.source, &ip.destination}) {
    const uint8_t* octets = address->octets.data();
    for (size_t at = 0; at < address->octets.size(); at += 4) scope = within(scope, readU32(octets + at));
  }
  return within(scope, uint64_t(ip.protocol) << 32 | tunnel.id);
}

}  // namespace

Dissector::Dissector(const DissectorLimits& limits)
    : tunnels_(limits.tunnels),
      reassembly_({limits.fragmentBytes, limits.fragmentDatagrams, limits.fragmentTimeoutNs}) {}

Refusal Dissector::packet(const Link& link, IpPacket& ip) {
  if (const Refusal refusal = decodeIp(link.ip, ip); refusal != Refusal::none) return refusal;
  if (!ip.fragmented) return Refusal::none;
  if (const Refusal refusal = reassembly_.add(link.scope, ip); refusal != Refusal::none) return refusal;
  if (const Refusal refusal = walkExtensions(ip); refusal != Refusal::none) return refusal;
  return ip.fragmented ? Refusal::fragmentMalformed : Refusal::none;  // a fragment within a fragment
}

Refusal Dissector::dissect(const Frame& frame, Segment& out) {
  reassembly_.advance(frame.timeNs);
  Link link;
  if (const Refusal refusal = decodeLink(frame.linkType, frame.octets, link); refusal != Refusal::none) {
    return refusal;
  }
  for (int depth = 0; depth <= kMostTunnels; depth++) {
    IpPacket ip;
    if (const Refusal refusal = packet(link, ip); refusal != Refusal::none) return refusal;
    const Refusal outcome = decodeTransport(ip, out);
    Tunnel tunnel;
    if (!tunnels_ || !openTunnel(ip, out, outcome, tunnel)) return outcome;
    if (tunnel.refusal != Refusal::none) return tunnel.refusal;
    link.scope = scopeInside(link.scope, ip, tunnel);
    const Refusal refusal = decodeCarried(tunnel.type, tunnel.carried, link);
    if (refusal != Refusal::none) return refusal;
  }
  return Refusal::tunnelDepth;
}

}  // namespace hepcapd
