// Sending datagrams as JavaScript sees it: many packets in one buffer, sent by a libuv worker.
//
// Threads: one send() at a time; the object, the packets and their ends are kept until its promise settles.
#pragma once

#include <napi.h>

#include <memory>

#include "../capture/udp_sender.h"

namespace hepcapd {

// exports.UdpSender; exports.sendOutcomes: the names of SendOutcome, in its order.
void registerUdpSender(Napi::Env env, Napi::Object exports);

class JsUdpSender : public Napi::ObjectWrap<JsUdpSender> {
 public:
  static Napi::Function define(Napi::Env env);
  // new UdpSender(address, port, datagramsPerSecond): throws a SystemError.
  explicit JsUdpSender(const Napi::CallbackInfo& info);

 private:
  class Send;
  Napi::Value send(const Napi::CallbackInfo& info);

  std::unique_ptr<UdpSender> sender_;
  bool sending_ = false;
};

}  // namespace hepcapd
