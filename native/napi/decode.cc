#include "decode.h"

#include <cstring>
#include <vector>

#include "../batch/json_member.h"
#include "../hep/packet.h"
#include "../sip/message.h"
#include "values.h"

namespace hepcapd {
namespace {

// X(name, expression over `hep` and `base`): the numbers of one packet, each an unsigned 32-bit integer.
#define HEPCAPD_DECODED_FIELDS(X)                                            \
  X(version, hep.version)                                                    \
  X(family, uint32_t(hep.family))                                            \
  X(protocol, hep.protocol)                                                  \
  X(type, hep.type)                                                          \
  X(sourcePort, hep.sourcePort)                                              \
  X(destinationPort, hep.destinationPort)                                    \
  X(sourceIpv4, readU32(hep.source.octets.data()))                           \
  X(destinationIpv4, readU32(hep.destination.octets.data()))                 \
  X(seconds, hep.seconds)                                                    \
  X(microseconds, hep.microseconds)                                          \
  X(agentId, hep.agentId)                                                    \
  X(payloadOffset, uint32_t(hep.payload.data ? hep.payload.data - base : 0)) \
  X(payloadLength, uint32_t(hep.payload.size))

constexpr const char* kFields[] = {
#define X(name, value) #name,
    HEPCAPD_DECODED_FIELDS(X)
#undef X
};
constexpr size_t kFieldCount = std::size(kFields);

void put(const HepPacket& hep, const uint8_t* base, uint32_t* to) {
#define X(name, value) *to++ = value;
  HEPCAPD_DECODED_FIELDS(X)
#undef X
}

// The numbers of a SIP message, then the span of each field: its offset in the payload in the lower half, its
// length in the upper one.
constexpr const char* kSipNumbers[] = {"sipKind", "status", "contactPort", "originatorPort"};
#define X(name) #name,
constexpr const char* kSipSpans[] = {HEPCAPD_SIP_FIELDS(X)};
#undef X
constexpr size_t kSipCount = std::size(kSipNumbers) + kSipFields;

void put(const SipMessage& sip, uint32_t* to) {
  *to++ = sip.kind;
  *to++ = sip.status;
  *to++ = sip.contactPort;
  *to++ = sip.originatorPort;
  std::memcpy(to, sip.fields, sizeof sip.fields);  // little-endian, as every processor that we run on
}

// Calls decode(packet, to) for each packet, `width` numbers apart, and counts those that it takes.
template <typename Decode>
Napi::Value decodeEach(const Napi::CallbackInfo& info, size_t width, Decode decode) {
  const Bytes octets = bytesOf(info[0]);
  const auto ends = info[1].As<Napi::Uint32Array>();
  auto fields = info[2].As<Napi::Uint32Array>();
  const size_t count = ends.ElementLength();
  const uint32_t* end = ends.Data();
  uint32_t* to = fields.Data();
  if (fields.ElementLength() < count * width) throw Napi::RangeError::New(info.Env(), "fields is too short");
  uint32_t start = 0;
  uint32_t good = 0;
  for (size_t i = 0; i < count; i++, to += width) {
    if (end[i] < start || end[i] > octets.size) throw Napi::RangeError::New(info.Env(), "ends must ascend");
    if (i + 1 < count && end[i + 1] >= end[i]) prefetch(octets.from(end[i]).first(end[i + 1] - end[i]));
    if (decode(octets, Bytes(octets.data + start, size_t(end[i] - start)), to)) {
      good++;
    } else {
      to[0] = 0;
    }
    start = end[i];
  }
  return Napi::Number::New(info.Env(), good);
}

// decodeHep(octets, ends, fields): how many packets were good. The i-th packet ends at ends[i]; its numbers
// go to `fields` (Uint32Array) in the order of decodedHepFields, version 0 for a packet that is refused.
// payloadOffset counts from the start of `octets`.
Napi::Value decodeHep(const Napi::CallbackInfo& info) {
  HepPacket hep;
  return decodeEach(info, kFieldCount, [&](Bytes octets, Bytes packet, uint32_t* to) {
    if (parseHep(packet, hep) != HepFault::none) return false;
    put(hep, octets.data, to);
    return true;
  });
}

// parseSip() wants octets behind the payload: where the caller's end, a copy has them.
void parseLast(Bytes payload, SipMessage& sip) {
  std::vector<uint8_t> copy(payload.size + kSipPadding);
  if (!payload.empty()) std::memcpy(copy.data(), payload.data, payload.size);
  parseSip({copy.data(), payload.size}, sip);
}

// decodeSip(octets, ends, fields): likewise, the numbers and spans of the SIP payload behind those of HEP, in
// the order of decodedSipFields. A compressed payload is read as it came.
Napi::Value decodeSip(const Napi::CallbackInfo& info) {
  HepPacket hep;  // both are made once: the parsers assign every member
  SipMessage sip;
  return decodeEach(info, kFieldCount + kSipCount, [&](Bytes octets, Bytes packet, uint32_t* to) {
    if (parseHep(packet, hep) != HepFault::none) return false;
    put(hep, octets.data, to);
    if (size_t(octets.end() - packet.end()) >= kSipPadding) [[likely]]
      parseSip(hep.payload, sip);
    else
      parseLast(hep.payload, sip);
    put(sip, to + kFieldCount);
    return true;
  });
}

template <size_t N>
void append(Napi::Array names, const char* const (&more)[N]) {
  for (const char* name : more) names.Set(names.Length(), name);
}

// jsonText(json, name): the octets of a top-level string member, letters of its name in any case.
Napi::Value jsonText(const Napi::CallbackInfo& info) {
  const std::string name = info[1].ToString();
  const Bytes raw = jsonMember(bytesOf(info[0]), name, MemberCase::any);
  std::vector<uint8_t> text(raw.size);
  const size_t size = unescapeJson(raw, text.data());
  return Napi::Buffer<uint8_t>::Copy(info.Env(), text.data(), size);
}

}  // namespace

void registerDecode(Napi::Env env, Napi::Object exports) {
  Napi::Array hep = Napi::Array::New(env);
  append(hep, kFields);
  exports.Set("decodedHepFields", hep);
  exports.Set("jsonText", Napi::Function::New(env, jsonText, "jsonText"));
  exports.Set("decodeHep", Napi::Function::New(env, decodeHep, "decodeHep"));
  Napi::Array sip = Napi::Array::New(env);
  append(sip, kFields);
  append(sip, kSipNumbers);
  append(sip, kSipSpans);
  exports.Set("decodedSipFields", sip);
  exports.Set("decodeSip", Napi::Function::New(env, decodeSip, "decodeSip"));
}

}  // namespace hepcapd
