#include "layout.h"

#include <cstddef>

#include "../batch/columns.h"
#include "../batch/intake.h"
#include "../hep/chunks.h"

namespace hepcapd {
namespace {

Napi::Object recordLayout(Napi::Env env) {
  Napi::Object layout = Napi::Object::New(env);
  layout.Set("bytes", double(sizeof(Record)));
#define FIELD(name) layout.Set(#name, double(offsetof(Record, name)))
  FIELD(microTs);
  FIELD(arrivalUs);
  FIELD(packet);
  FIELD(payload);
  FIELD(correlation);
  FIELD(custom);
  FIELD(agentId);
  FIELD(flags);
  FIELD(source);
  FIELD(destination);
  FIELD(sender);
  FIELD(receiver);
  FIELD(sourcePort);
  FIELD(destinationPort);
  FIELD(senderPort);
  FIELD(status);
  FIELD(contactPort);
  FIELD(originatorPort);
  FIELD(hepVersion);
  FIELD(family);
  FIELD(sourceFamily);
  FIELD(destinationFamily);
  FIELD(senderFamily);
  FIELD(receiverFamily);
  FIELD(protocol);
  FIELD(protocolType);
  FIELD(sipKind);
  FIELD(sip);
#undef FIELD
  return layout;
}

Napi::Object flags(Napi::Env env) {
  Napi::Object flags = Napi::Object::New(env);
  flags.Set("sip", double(kRecordSip));
  flags.Set("hasAgent", double(kRecordHasAgent));
  flags.Set("hasTime", double(kRecordHasTime));
  flags.Set("inflated", double(kRecordInflated));
  flags.Set("inflateFailed", double(kRecordInflateFailed));
  flags.Set("folded", double(kRecordFolded));
  return flags;
}

// Field name to the offset of its span in the record.
Napi::Object sipFields(Napi::Env env) {
  Napi::Object fields = Napi::Object::New(env);
#define X(name) fields.Set(#name, double(offsetof(Record, sip) + size_t(SipField::name) * sizeof(Span)));
  HEPCAPD_SIP_FIELDS(X)
#undef X
  return fields;
}

Napi::Array columns(Napi::Env env) {
  static constexpr const char* kinds[] = {"integer", "text", "octets"};
  Napi::Array list = Napi::Array::New(env, kColumns);
  for (size_t i = 0; i < kColumns; i++) {
    const ColumnShape& shape = columnShape(Column(i));
    Napi::Object column = Napi::Object::New(env);
    column.Set("name", std::string(shape.name));
    column.Set("kind", kinds[size_t(shape.kind)]);
    column.Set("width", double(shape.width));
    list.Set(uint32_t(i), column);
  }
  return list;
}

Napi::Array chunks(Napi::Env env) {
  Napi::Array list = Napi::Array::New(env);
  for (const ChunkDescription& chunk : kChunks) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("type", double(chunk.type));
    entry.Set("name", chunk.name);
    entry.Set("kind", kindName(chunk.kind));
    list.Set(list.Length(), entry);
  }
  return list;
}

template <size_t N>
Napi::Array namedNumbers(Napi::Env env, const NamedNumber (&table)[N]) {
  Napi::Array list = Napi::Array::New(env, N);
  for (size_t i = 0; i < N; i++) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("number", double(table[i].number));
    entry.Set("name", table[i].name);
    list.Set(uint32_t(i), entry);
  }
  return list;
}

}  // namespace

void registerLayout(Napi::Env env, Napi::Object exports) {
  Napi::Object layout = Napi::Object::New(env);
  layout.Set("record", recordLayout(env));
  layout.Set("sip", sipFields(env));
  layout.Set("flags", flags(env));
  layout.Set("smallestSlab", double(kSmallestSlab));
  exports.Set("layout", layout);
  exports.Set("columns", columns(env));
  exports.Set("chunks", chunks(env));
  exports.Set("protocolTypes", namedNumbers(env, kProtocolTypes));
  exports.Set("vendors", namedNumbers(env, kVendors));
}

}  // namespace hepcapd
