// The HEP3 registry (revision 37) as tables: generic chunks, protocol types, vendors. Every number and name
// of HEP that the program knows stands here once; the TypeScript side is given these tables.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hepcapd {

// A chunk's id is the pair (vendor, type). These types mean this only for vendor 0.
enum class ChunkType : uint16_t {
  family = 0x01,
  protocol = 0x02,
  sourceIpv4 = 0x03,
  destinationIpv4 = 0x04,
  sourceIpv6 = 0x05,
  destinationIpv6 = 0x06,
  sourcePort = 0x07,
  destinationPort = 0x08,
  seconds = 0x09,
  microseconds = 0x0a,
  protocolType = 0x0b,
  agentId = 0x0c,
  keepAlive = 0x0d,
  authKey = 0x0e,
  payload = 0x0f,
  compressedPayload = 0x10,
  correlation = 0x11,
  vlan = 0x12,
  agentName = 0x13,
  sourceMac = 0x14,
  destinationMac = 0x15,
  etherType = 0x16,
  tcpFlags = 0x17,
  ipTos = 0x18,
  mos = 0x20,
  rFactor = 0x21,
  geoLocation = 0x22,
  jitter = 0x23,
  transactionType = 0x24,
  payloadJsonKeys = 0x25,
  tagValues = 0x26,
  tagType = 0x27,
  event = 0x28,
  groupId = 0x29,
  extraCorrelation = 101,  // never registered: what OpenSIPS sends to Homer 6
};

enum class ChunkKind : uint8_t { octets, uint8, uint16, uint32, uint64, inet4, inet6 };

// Octets of data that a chunk of this kind must have; 0 is any number.
constexpr uint8_t chunkWidth(ChunkKind kind) {
  switch (kind) {
    case ChunkKind::uint8:
      return 1;
    case ChunkKind::uint16:
      return 2;
    case ChunkKind::uint32:
    case ChunkKind::inet4:
      return 4;
    case ChunkKind::uint64:
      return 8;
    case ChunkKind::inet6:
      return 16;
    case ChunkKind::octets:
      break;
  }
  return 0;
}
constexpr const char* kindName(ChunkKind kind) {
  constexpr const char* names[] = {"octets", "uint8", "uint16", "uint32", "uint64", "inet4", "inet6"};
  return names[size_t(kind)];
}

struct ChunkDescription {
  ChunkType type;
  const char* name;  // as scripts write it
  ChunkKind kind;
};

inline constexpr ChunkDescription kChunks[] = {
    {ChunkType::family, "proto_family", ChunkKind::uint8},
    {ChunkType::protocol, "proto_id", ChunkKind::uint8},
    {ChunkType::sourceIpv4, "src_ip", ChunkKind::inet4},
    {ChunkType::destinationIpv4, "dst_ip", ChunkKind::inet4},
    {ChunkType::sourceIpv6, "src_ip6", ChunkKind::inet6},
    {ChunkType::destinationIpv6, "dst_ip6", ChunkKind::inet6},
    {ChunkType::sourcePort, "src_port", ChunkKind::uint16},
    {ChunkType::destinationPort, "dst_port", ChunkKind::uint16},
    {ChunkType::seconds, "timestamp", ChunkKind::uint32},
    {ChunkType::microseconds, "timestamp_us", ChunkKind::uint32},
    {ChunkType::protocolType, "proto_type", ChunkKind::uint8},
    {ChunkType::agentId, "captagent_id", ChunkKind::uint32},
    {ChunkType::keepAlive, "keep_alive", ChunkKind::uint16},
    {ChunkType::authKey, "auth_key", ChunkKind::octets},
    {ChunkType::payload, "payload", ChunkKind::octets},
    {ChunkType::compressedPayload, "payload_compressed", ChunkKind::octets},
    {ChunkType::correlation, "correlation_id", ChunkKind::octets},
    {ChunkType::vlan, "vlan", ChunkKind::uint16},
    {ChunkType::agentName, "agent_name", ChunkKind::octets},
    {ChunkType::sourceMac, "src_mac", ChunkKind::uint64},
    {ChunkType::destinationMac, "dst_mac", ChunkKind::uint64},
    {ChunkType::etherType, "ether_type", ChunkKind::uint16},
    {ChunkType::tcpFlags, "tcp_flags", ChunkKind::uint8},
    {ChunkType::ipTos, "ip_tos", ChunkKind::uint8},
    {ChunkType::mos, "mos", ChunkKind::uint16},
    {ChunkType::rFactor, "r_factor", ChunkKind::uint16},
    {ChunkType::geoLocation, "geo_location", ChunkKind::octets},
    {ChunkType::jitter, "jitter", ChunkKind::uint32},
    {ChunkType::transactionType, "transaction_type", ChunkKind::octets},
    {ChunkType::payloadJsonKeys, "payload_json_keys", ChunkKind::octets},
    {ChunkType::tagValues, "tag_values", ChunkKind::octets},
    {ChunkType::tagType, "tag_type", ChunkKind::uint16},
    {ChunkType::event, "event", ChunkKind::uint16},
    {ChunkType::groupId, "group_id", ChunkKind::octets},
    {ChunkType::extraCorrelation, "extra_correlation", ChunkKind::octets},
};

struct NamedNumber {
  uint32_t number;
  const char* name;
};

// Chunk 0x000b. 0 to 13 are the labels that scripts compare with; unregistered numbers seen in the field
// have a name too, since operators meet them.
inline constexpr NamedNumber kProtocolTypes[] = {
    {0, "reserved"},
    {1, "SIP"},
    {2, "XMPP"},
    {3, "SDP"},
    {4, "RTP"},
    {5, "RTCP"},
    {6, "MGCP"},
    {7, "MEGACO(H.248)"},
    {8, "M2UA(SS7/SIGTRAN)"},
    {9, "M3UA(SS7/SIGTRAN)"},
    {10, "IAX"},
    {11, "H322"},
    {12, "H321"},
    {13, "M2PA"},
    {20, "WebRTC JSON"},
    {32, "QoS JSON"},
    {34, "MOS full report"},
    {35, "MOS short report"},
    {38, "QoS NG"},
    {50, "SIP JSON"},
    {53, "DNS JSON"},
    {54, "M3UA JSON"},
    {55, "RTSP JSON"},
    {56, "Diameter JSON"},
    {57, "GSM MAP JSON"},
    {58, "RTCP PION"},
    {60, "CDR"},
    {61, "Verto JSON"},
    {86, "script log"},
    {87, "MI"},
    {88, "REST"},
    {89, "network"},
    {96, "control"},
    {99, "RTCP-XR"},
    {100, "log"},
    {101, "transaction JSON"},
};

inline constexpr NamedNumber kVendors[] = {
    {0, "generic"}, {1, "FreeSWITCH"}, {2, "Kamailio"}, {3, "OpenSIPS"}, {4, "Asterisk"},
    {5, "Homer"},   {6, "sipXecs"},    {7, "Yeti"},     {8, "Genesys"},
};

}  // namespace hepcapd
