#include "decode.h"

#include "../hep/packet.h"
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

// decodeHep(octets, ends, fields): how many packets were good. The i-th packet ends at ends[i]; its numbers
// go to `fields` (Uint32Array) in the order of decodedHepFields, version 0 for a packet that is refused.
// payloadOffset counts from the start of `octets`.
Napi::Value decodeHep(const Napi::CallbackInfo& info) {
  const Bytes octets = bytesOf(info[0]);
  const auto ends = info[1].As<Napi::Uint32Array>();
  auto fields = info[2].As<Napi::Uint32Array>();
  const size_t count = ends.ElementLength();
  const uint32_t* end = ends.Data();
  uint32_t* to = fields.Data();
  if (fields.ElementLength() < count * kFieldCount)
    throw Napi::RangeError::New(info.Env(), "fields is too short");
  uint32_t start = 0;
  uint32_t good = 0;
  for (size_t i = 0; i < count; i++, to += kFieldCount) {
    if (end[i] < start || end[i] > octets.size) throw Napi::RangeError::New(info.Env(), "ends must ascend");
    if (i + 1 < count && end[i + 1] >= end[i]) prefetch(octets.from(end[i]).first(end[i + 1] - end[i]));
    HepPacket hep;
    if (parseHep({octets.data + start, size_t(end[i] - start)}, hep) == HepFault::none) {
      put(hep, octets.data, to);
      good++;
    } else {
      to[0] = 0;
    }
    start = end[i];
  }
  return Napi::Number::New(info.Env(), good);
}

}  // namespace

void registerDecode(Napi::Env env, Napi::Object exports) {
  Napi::Array names = Napi::Array::New(env, kFieldCount);
  for (size_t i = 0; i < kFieldCount; i++) names.Set(uint32_t(i), kFields[i]);
  exports.Set("decodedHepFields", names);
  exports.Set("decodeHep", Napi::Function::New(env, decodeHep, "decodeHep"));
}

}  // namespace hepcapd
