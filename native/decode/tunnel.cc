#include "tunnel.h"

#include "ip.h"
#include "mpls.h"

namespace hepcapd {
namespace {

enum Protocol : uint8_t { kIpIp = 4, k6in4 = 41, kGre = 47, kEtherIp = 97, kMplsInIp = 137 };
enum Port : uint16_t {
  kGtpPort = 2152,
  kVxlanPort = 4789,
  kGenevePort = 6081,
  kMplsPort = 6635,
  kTzspPort = 37008
};

// A tunnel that leads nowhere is still one: the caller asks no further.
bool refuse(Refusal refusal, Tunnel& out) {
  out.refusal = refusal;
  return true;
}

bool leadsTo(uint16_t type, Bytes carried, Tunnel& out) {
  out.type = type;
  out.carried = carried;
  return true;
}

// --- GRE (RFC 2784, RFC 2890) and what only GRE carries

enum GreFlag : uint16_t {
  kGreChecksum = 0x8000,
  kGreRouting = 0x4000,
  kGreKey = 0x2000,
  kGreSequence = 0x1000,
  kGreVersion = 0x0007,
};
enum GreType : uint16_t { kErspan3 = 0x22eb, kErspan = 0x88be };

constexpr size_t kErspan2Bytes = 8;
constexpr size_t kErspan3Bytes = 12;
constexpr size_t kErspanSubheaderBytes = 8;

// version 4 bits, VLAN 12 | class 3, ..., session 10 bits | ...; III ends in: ... frame type 5 bits ...
// subheader 1
bool openErspan(Bytes header, Tunnel& out) {
  if (header.size < kErspan2Bytes) return refuse(Refusal::erspanMalformed, out);
  out.id = readU16(header.data + 2) & 0x3ffu;
  const uint8_t version = header[0] >> 4;
  if (version == 1) return leadsTo(kTypeTransparentEthernet, header.from(kErspan2Bytes), out);
  if (version != 2 || header.size < kErspan3Bytes) return refuse(Refusal::erspanMalformed, out);
  const size_t headerBytes = kErspan3Bytes + (header[11] & 1 ? kErspanSubheaderBytes : 0);
  if (header.size < headerBytes) return refuse(Refusal::erspanMalformed, out);
  const uint8_t frameType = header[10] >> 2 & 0x1f;
  if (frameType == 2) return leadsTo(kTypeIpv4, header.from(headerBytes), out);
  if (frameType != 0) return refuse(Refusal::notIp, out);
  return leadsTo(kTypeTransparentEthernet, header.from(headerBytes), out);
}

bool openGre(Bytes gre, Tunnel& out) {
  if (gre.size < 4) return refuse(Refusal::greMalformed, out);
  const uint16_t flags = readU16(gre.data);
  if (flags & kGreVersion) return refuse(Refusal::greVersion, out);
  if (flags & kGreRouting) return refuse(Refusal::greMalformed, out);
  const size_t keyAt = flags & kGreChecksum ? 8 : 4;
  const size_t headerBytes = keyAt + (flags & kGreKey ? 4 : 0) + (flags & kGreSequence ? 4 : 0);
  if (gre.size < headerBytes) return refuse(Refusal::greMalformed, out);
  if (flags & kGreKey) out.id = readU32(gre.data + keyAt);
  const uint16_t type = readU16(gre.data + 2);
  const Bytes carried = gre.from(headerBytes);
  if (type == kErspan3) return openErspan(carried, out);
  if (type != kErspan) return leadsTo(type, carried, out);
  // Type I has neither a sequence number nor a header of its own.
  return flags & kGreSequence ? openErspan(carried, out) : leadsTo(kTypeTransparentEthernet, carried, out);
}

// --- tunnels over UDP

// RFC 7348 section 5, and the group policy bits that some switches set: nothing else, and never a letter.
bool openVxlan(Bytes header, Tunnel& out) {
  constexpr uint8_t kGroupPolicy = 0x80;
  if (header.size < 8 || (header[0] & ~kGroupPolicy) != 0x08 || header[7] != 0) return false;
  out.id = readU32(header.data + 4) >> 8;
  return leadsTo(kTypeTransparentEthernet, header.from(8), out);
}

// RFC 8926 section 3.4
bool openGeneve(Bytes header, Tunnel& out) {
  if (header.size < 8 || header[0] >> 6 != 0 || (header[1] & 0x3f) != 0 || header[7] != 0) return false;
  const size_t headerBytes = 8 + size_t(header[0] & 0x3f) * 4;
  if (header.size < headerBytes) return refuse(Refusal::geneveMalformed, out);
  out.id = readU32(header.data + 4) >> 8;
  return leadsTo(readU16(header.data + 2), header.from(headerBytes), out);
}

// Types 0 and 1 are a received packet and one to send; keep-alives carry none.
bool openTzsp(Bytes header, Tunnel& out) {
  constexpr uint16_t kEthernet = 1;
  constexpr uint8_t kPadding = 0, kEnd = 1;
  if (header.size < 4 || header[0] != 1 || header[1] > 1) return false;
  if (readU16(header.data + 2) != kEthernet) return refuse(Refusal::notIp, out);
  for (size_t at = 4; at < header.size;) {
    if (header[at] == kEnd) return leadsTo(kTypeTransparentEthernet, header.from(at + 1), out);
    if (header[at] == kPadding) {
      at++;
    } else if (at + 1 < header.size) {
      at += 2u + header[at + 1];
    } else {
      break;
    }
  }
  return refuse(Refusal::tzspMalformed, out);
}

// 3GPP TS 29.281 section 5.1: version 1, protocol type 1; type 255 carries a user's packet. An extension is
// its length in fours, content, and the type of the next one in its last octet.
bool openGtp(Bytes header, Tunnel& out) {
  constexpr uint8_t kVersionMask = 0xf8, kVersion = 0x30, kOptional = 0x07, kExtended = 0x04,
                    kUserPacket = 0xff;
  if (header.size < 8 || (header[0] & kVersionMask) != kVersion || header[1] != kUserPacket) return false;
  out.id = readU32(header.data + 4);
  if (!(header[0] & kOptional)) return leadsTo(kTypeIpv4, header.from(8), out);
  if (header.size < 12) return refuse(Refusal::gtpMalformed, out);
  size_t at = 12;
  const bool extended = header[0] & kExtended;
  while (extended && header[at - 1] != 0) {
    const size_t size = at < header.size ? header[at] * size_t{4} : 0;
    if (size == 0 || header.size < at + size) return refuse(Refusal::gtpMalformed, out);
    at += size;
  }
  return leadsTo(kTypeIpv4, header.from(at), out);
}

// Labels look like anything: they count only with a whole packet below them (RFC 7510).
bool openMplsInUdp(Bytes labels, Tunnel& out) {
  uint16_t type;
  Bytes carried;
  if (decodeMpls(labels, type, carried) != Refusal::none) return false;
  if (type == kTypeIpv4 && !readsAsIp(carried)) return false;
  return leadsTo(type, carried, out);
}

bool openOnPort(uint16_t port, Bytes payload, Tunnel& out) {
  switch (port) {
    case kVxlanPort:
      return openVxlan(payload, out);
    case kGenevePort:
      return openGeneve(payload, out);
    case kTzspPort:
      return openTzsp(payload, out);
    case kGtpPort:
      return openGtp(payload, out);
    case kMplsPort:
      return openMplsInUdp(payload, out);
    default:
      return false;
  }
}

}  // namespace

bool openIpTunnel(uint8_t protocol, Bytes payload, Tunnel& out) {
  switch (protocol) {
    case kIpIp:
    case k6in4:
      return leadsTo(kTypeIpv4, payload, out);
    case kGre:
      return openGre(payload, out);
    case kEtherIp:  // RFC 3378
      return payload.size < 2 ? refuse(Refusal::linkTruncated, out)
                              : leadsTo(kTypeTransparentEthernet, payload.from(2), out);
    case kMplsInIp:
      return leadsTo(kTypeMpls, payload, out);
    default:
      return false;
  }
}

bool openUdpTunnel(const Segment& datagram, Tunnel& out) {
  return openOnPort(datagram.destinationPort, datagram.payload, out) ||
         openOnPort(datagram.sourcePort, datagram.payload, out);
}

}  // namespace hepcapd
