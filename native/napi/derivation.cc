#include "derivation.h"

#include "../batch/custom_fields.h"
#include "slabs.h"
#include "values.h"

namespace hepcapd {
namespace {

constexpr double kNoRoom = -1;
constexpr int64_t kProtocolTypeStays = -1;

Napi::Value toJs(Napi::Env env, const Derived& derived) {
  switch (derived.state) {
    case Derived::State::row:
      return Napi::Number::New(env, derived.row);
    case Derived::State::refused:
      return Napi::String::New(env, faultName(derived.fault));
    default:
      return Napi::Number::New(env, kNoRoom);
  }
}

std::optional<Bytes> octetsOrNone(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  return bytesOf(value);
}

RecordChanges changesOf(Napi::Env env, const Napi::Value& correlation, const Napi::Value& type,
                        const Napi::Value& custom) {
  RecordChanges changes{octetsOrNone(correlation), std::nullopt, octetsOrNone(custom)};
  if (changes.correlation && changes.correlation->size > kPacketBound)
    throw Napi::RangeError::New(env, "a correlation id has 65,535 octets at most");
  if (changes.custom && !isCustomFields(*changes.custom))
    throw Napi::TypeError::New(env, "custom fields are three texts, each with its length before it");
  const int64_t number = type.ToNumber().Int64Value();
  if (number < kProtocolTypeStays || number > UINT8_MAX)
    throw Napi::RangeError::New(env, "a protocol type is 0 to 255, or -1 where it stays");
  if (number != kProtocolTypeStays) changes.protocolType = uint8_t(number);
  return changes;
}

}  // namespace

// The slab that a record is derived from; a sealed one cannot go while this lives.
struct DerivationObject::Source {
  SlabPool::Reader reader;
  const Slab* slab;
  uint32_t row;

  const Record& record() const { return slab->record(row); }
};

Napi::Function DerivationObject::define(Napi::Env env) {
  return DefineClass(
      env, "Derivation",
      {InstanceMethod<&DerivationObject::edit>("edit"), InstanceMethod<&DerivationObject::copy>("copy"),
       InstanceMethod<&DerivationObject::view>("view"), InstanceMethod<&DerivationObject::seal>("seal"),
       InstanceAccessor<&DerivationObject::open>("open")});
}

// new Derivation({slabBytes, slabs})
DerivationObject::DerivationObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<DerivationObject>(info) {
  const Napi::Object options = info[0].As<Napi::Object>();
  const double slabBytes = numberOf(options, "slabBytes");
  const double slabs = numberOf(options, "slabs");
  if (!(slabBytes >= kSmallestSlab && slabBytes <= UINT32_MAX / 2 && slabs >= 1)) {
    throw Napi::RangeError::New(info.Env(), "slabBytes is 2 MiB at least and slabs is 1 at least");
  }
  derivation_ = std::make_unique<Derivation>(size_t(slabBytes), size_t(slabs));
}

// (handle, row, ...): the open slab, or any that is sealed.
DerivationObject::Source DerivationObject::sourceOf(const Napi::CallbackInfo& info) const {
  const SlabHandle handle = handleOf(info[0]);
  Source source{{}, derivation_->open(), 0};
  if (!source.slab || derivation_->openHandle() != handle) {
    source.reader = SlabPool::read(handle);
    if (!source.reader) throw Napi::Error::New(info.Env(), "no sealed slab has this handle");
    source.slab = &*source.reader;
  }
  const double row = info[1].ToNumber().DoubleValue();
  if (!(row >= 0 && row < source.slab->rows())) throw Napi::RangeError::New(info.Env(), "no such row");
  source.row = uint32_t(row);
  return source;
}

// edit(handle, row, packet): the new row of the open slab, -1 for no room, or the name of a fault of the
// packet.
Napi::Value DerivationObject::edit(const Napi::CallbackInfo& info) {
  const Source source = sourceOf(info);
  if (source.record().hepVersion != 3)
    throw Napi::Error::New(info.Env(), "only messages of HEP version 3 are edited");
  return toJs(info.Env(), derivation_->edit(*source.slab, source.row, bytesOf(info[2])));
}

// copy(handle, row, correlation, protocolType, custom): the new row of the open slab, or -1 for no room.
Napi::Value DerivationObject::copy(const Napi::CallbackInfo& info) {
  const Source source = sourceOf(info);
  const RecordChanges changes = changesOf(info.Env(), info[2], info[3], info[4]);
  return toJs(info.Env(), derivation_->copy(*source.slab, source.row, changes));
}

Napi::Value DerivationObject::open(const Napi::CallbackInfo& info) {
  if (!derivation_->open()) return info.Env().Null();
  return Napi::Number::New(info.Env(), double(derivation_->openHandle()));
}

// view(): ArrayBuffer over the open slab. It stays good when the slab is sealed, as if it had been lent then.
Napi::Value DerivationObject::view(const Napi::CallbackInfo& info) {
  const Slab* slab = derivation_->open();
  if (!slab) throw Napi::Error::New(info.Env(), "no slab is open");
  return viewOf(info.Env(), *slab, derivation_->pool());
}

// seal(): {handle, input, rows}, or null when no slab is open.
Napi::Value DerivationObject::seal(const Napi::CallbackInfo& info) {
  const Slab* slab = derivation_->open();
  if (!slab) return info.Env().Null();
  const SlabHandle handle = derivation_->seal();
  return sealedToJs(info.Env(), handle, *slab);
}

void registerDerivation(Napi::Env env, Napi::Object exports) {
  exports.Set("Derivation", DerivationObject::define(env));
}

}  // namespace hepcapd
