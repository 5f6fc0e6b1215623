// The capture engine as JavaScript sees it: inputs on one side, sealed slabs by handle on the other.
//
// Threads: every method runs on the JavaScript thread that made the engine. Other inputs have threads of
// their own, which call back only through the wake-up function.
// Lifetime: close() ends the threads; slabs live until the last of engine, readers and lent views is gone.
#pragma once

#include <napi.h>

#include <map>

#include "../capture/udp_input.h"
#include "../hep/stream.h"
#include "frame_inputs.h"
#include "senders.h"

namespace hepcapd {

void registerEngine(Napi::Env env, Napi::Object exports);

class Engine : public Napi::ObjectWrap<Engine> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Engine(const Napi::CallbackInfo& info);
  ~Engine() override;

  // The intake of an input that JavaScript feeds (TCP, tests, benches); made when first asked for.
  Intake& fedIntake(uint32_t input);

 private:
  Napi::Value listenUdp(const Napi::CallbackInfo& info);
  Napi::Value listenRaw(const Napi::CallbackInfo& info) { return frameInputs_->listenRaw(info); }
  Napi::Value readFile(const Napi::CallbackInfo& info) { return frameInputs_->readFile(info); }
  Napi::Value reading(const Napi::CallbackInfo& info) { return frameInputs_->reading(info); }
  Napi::Value frames(const Napi::CallbackInfo& info) { return frameInputs_->frames(info); }
  Napi::Value readPacket(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value ended(const Napi::CallbackInfo& info);
  Napi::Value feed(const Napi::CallbackInfo& info);
  Napi::Value drop(const Napi::CallbackInfo& info);
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value take(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  Napi::Value setSenders(const Napi::CallbackInfo& info);
  Napi::Value admits(const Napi::CallbackInfo& info);
  Napi::Value agents(const Napi::CallbackInfo& info);
  Napi::Value pulses(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  IntakeCounters countersOf(uint32_t input) const;
  std::unique_ptr<Intake> newIntake(uint32_t input);
  void wake();
  void closeAll();

  struct Listener {
    uint32_t input;
    std::unique_ptr<UdpInput> socket;
  };

  std::shared_ptr<SlabPool> pool_;
  std::shared_ptr<Outbox> outbox_;
  IntakeLimits limits_;
  Napi::ThreadSafeFunction wakeUp_;
  std::vector<Listener> listeners_;
  std::map<uint32_t, std::unique_ptr<Intake>> fed_;
  std::unique_ptr<FrameInputs> frameInputs_;
  std::map<uint32_t, std::shared_ptr<const SenderPolicy>> senders_;
  SharedLimiter limiter_;
  bool closed_ = false;
};

// The framing of one connection, into the fed intake of an input.
class Framer : public Napi::ObjectWrap<Framer> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Framer(const Napi::CallbackInfo& info);

 private:
  Napi::Value push(const Napi::CallbackInfo& info);
  Napi::Value end(const Napi::CallbackInfo& info);
  Napi::Value pending(const Napi::CallbackInfo& info);
  Napi::Value fault(const Napi::CallbackInfo& info);
  bool take(Intake::Session& session, Bytes packet, bool mayWait);

  Napi::ObjectReference engineReference_;  // keeps the engine, and so the intake
  Intake* intake_ = nullptr;
  StreamFramer framer_;
  Arrival arrival_;
  Drop badMagic_ = Drop::tcpBadMagic;
  Drop badLength_ = Drop::tcpBadLength;
};

}  // namespace hepcapd
