#include "udp_sender.h"

#include <uv.h>

#include "values.h"

namespace hepcapd {
namespace {

Napi::Object toJs(Napi::Env env, const SendCounters& counters) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("sent", double(counters.sent));
  result.Set("octets", double(counters.octets));
  result.Set("tooLong", double(counters.tooLong));
  result.Set("noRoom", double(counters.noRoom));
  result.Set("failed", double(counters.failed));
  result.Set("refused", double(counters.refused));
  result.Set("lastError", counters.lastError == 0 ? "" : uv_err_name(-counters.lastError));
  return result;
}

// Datagrams lie one behind the other, and within the octets.
void checkEnds(Napi::Env env, Bytes octets, const Napi::Uint32Array& ends) {
  uint32_t before = 0;
  for (size_t i = 0; i < ends.ElementLength(); i++) {
    if (ends[i] < before || ends[i] > octets.size) {
      throw Napi::RangeError::New(env, "the ends of datagrams ascend and lie within the octets");
    }
    before = ends[i];
  }
}

bool isArrayOf(napi_typedarray_type type, const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// Where it is told what became of each datagram; null when nobody asks.
SendOutcome* outcomesOf(const Napi::Value& value, size_t count) {
  if (value.IsUndefined()) return nullptr;
  if (!isArrayOf(napi_uint8_array, value) || value.As<Napi::Uint8Array>().ElementLength() < count) {
    throw Napi::TypeError::New(value.Env(), "the outcomes are a Uint8Array with room for each datagram");
  }
  return reinterpret_cast<SendOutcome*>(value.As<Napi::Uint8Array>().Data());
}

}  // namespace

class JsUdpSender::Send : public Napi::AsyncWorker {
 public:
  Send(JsUdpSender& sender, const Napi::Value& octets, const Napi::Uint32Array& ends,
       const Napi::Value& outcomes)
      : Napi::AsyncWorker(sender.Env(), "hepcapd udp sender"),
        sender_(sender),
        octets_(bytesOf(octets)),
        ends_(ends.Data()),
        count_(ends.ElementLength()),
        outcomes_(outcomesOf(outcomes, count_)),
        keep_(Napi::Persistent(Napi::Object::New(sender.Env()))),
        promise_(Napi::Promise::Deferred::New(sender.Env())) {
    keep_.Set("sender", sender.Value());
    keep_.Set("octets", octets);
    keep_.Set("ends", ends);
    keep_.Set("outcomes", outcomes);
  }

  Napi::Promise promise() const { return promise_.Promise(); }

 protected:
  void Execute() override { counters_ = sender_.sender_->send(octets_, ends_, count_, outcomes_); }

  void OnOK() override {
    sender_.sending_ = false;
    promise_.Resolve(toJs(Env(), counters_));
  }

  void OnError(const Napi::Error& error) override {
    sender_.sending_ = false;
    promise_.Reject(error.Value());
  }

 private:
  JsUdpSender& sender_;
  Bytes octets_;
  const uint32_t* ends_;
  size_t count_;
  SendOutcome* outcomes_;
  Napi::ObjectReference keep_;
  Napi::Promise::Deferred promise_;
  SendCounters counters_;
};

JsUdpSender::JsUdpSender(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JsUdpSender>(info) {
  const Address to = addressOf(info[0].ToString());
  const uint32_t port = info[1].ToNumber().Uint32Value();
  if (to.family == Family::none) throw Napi::TypeError::New(info.Env(), "a numeric address is needed");
  if (port == 0 || port > UINT16_MAX) throw Napi::RangeError::New(info.Env(), "a port is 1 to 65535");
  try {
    sender_ = std::make_unique<UdpSender>(to, uint16_t(port), info[2].ToNumber().DoubleValue());
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

// send(octets, ends, outcomes?): Promise<SendCounters>
Napi::Value JsUdpSender::send(const Napi::CallbackInfo& info) {
  if (!isArrayOf(napi_uint32_array, info[1])) {
    throw Napi::TypeError::New(info.Env(), "the ends of datagrams are a Uint32Array");
  }
  const auto ends = info[1].As<Napi::Uint32Array>();
  checkEnds(info.Env(), bytesOf(info[0]), ends);
  outcomesOf(info[2], ends.ElementLength());
  if (sending_) throw Napi::Error::New(info.Env(), "this sender is sending: await that before");
  sending_ = true;
  auto* send = new Send(*this, info[0], ends, info[2]);
  const Napi::Promise promise = send->promise();
  send->Queue();
  return promise;
}

Napi::Function JsUdpSender::define(Napi::Env env) {
  return DefineClass(env, "UdpSender", {InstanceMethod<&JsUdpSender::send>("send")});
}

void registerUdpSender(Napi::Env env, Napi::Object exports) {
  Napi::Array outcomes = Napi::Array::New(env);
  for (const char* name : {"sent", "too_long", "no_room", "failed"}) outcomes[outcomes.Length()] = name;
  exports.Set("sendOutcomes", outcomes);
  exports.Set("UdpSender", JsUdpSender::define(env));
}

}  // namespace hepcapd
