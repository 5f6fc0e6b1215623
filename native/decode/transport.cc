#include "transport.h"

namespace hepcapd {
namespace {

constexpr size_t kUdpHeaderBytes = 8;
constexpr size_t kTcpHeaderBytes = 20;

// source port 2 | destination port 2 | length 2, these eight octets included | checksum 2
Refusal decodeUdp(const IpPacket& ip, Segment& out) {
  const Bytes segment = ip.payload;
  if (segment.size < kUdpHeaderBytes) {
    out.sourcePort = out.destinationPort = 0;
    out.payload = {};
    return ip.missing > 0 ? Refusal::udpTruncated : Refusal::udpMalformed;
  }
  size_t length = readU16(segment.data + 4);
  if (length == 0 && ip.sizeless) length = segment.size;  // RFC 2675 section 4
  if (length < kUdpHeaderBytes || length > segment.size + ip.missing) return Refusal::udpMalformed;
  out.sourcePort = readU16(segment.data);
  out.destinationPort = readU16(segment.data + 2);
  out.payload = segment.first(length).from(kUdpHeaderBytes);
  return length > segment.size ? Refusal::udpTruncated : Refusal::none;
}

// source port 2 | destination port 2 | sequence 4 | acknowledged 4 | header length in fours 4 bits, 4
// reserved | flags 1 | window 2 | checksum 2 | urgent 2 | options
Refusal decodeTcp(const IpPacket& ip, Segment& out) {
  const Bytes segment = ip.payload;
  const Refusal tooShort = ip.missing > 0 ? Refusal::tcpTruncated : Refusal::tcpMalformed;
  if (segment.size < kTcpHeaderBytes) return tooShort;
  const size_t headerBytes = size_t(segment[12] >> 4) * 4;
  if (headerBytes < kTcpHeaderBytes) return Refusal::tcpMalformed;
  if (segment.size < headerBytes) return tooShort;
  out.sourcePort = readU16(segment.data);
  out.destinationPort = readU16(segment.data + 2);
  out.sequence = readU32(segment.data + 4);
  out.tcpFlags = segment[13];
  out.missing = ip.missing;
  out.payload = segment.from(headerBytes);
  return Refusal::none;
}

}  // namespace

Refusal decodeTransport(const IpPacket& ip, Segment& out) {
  if (ip.protocol != kProtocolUdp && ip.protocol != kProtocolTcp) return Refusal::notUdpOrTcp;
  out.source = ip.source;
  out.destination = ip.destination;
  out.protocol = ip.protocol;
  if (ip.protocol == kProtocolTcp) return decodeTcp(ip, out);
  out.tcpFlags = 0;
  out.sequence = 0;
  out.missing = 0;
  return decodeUdp(ip, out);
}

}  // namespace hepcapd
