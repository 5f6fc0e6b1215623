// Inputs of the engine that capture frames: mirror ports, IPIP sockets, capture files.
#pragma once

#include <napi.h>

#include <vector>

#include "../batch/frame_intake.h"
#include "../capture/file_input.h"
#include "../capture/raw_input.h"

namespace hepcapd {

class FrameInputs {
 public:
  // `wake` is called on the threads of the inputs when one has ended.
  FrameInputs(std::shared_ptr<SlabPool> pool, std::shared_ptr<Outbox> outbox, IntakeLimits limits,
              std::function<void()> wake)
      : pool_(std::move(pool)), outbox_(std::move(outbox)), limits_(limits), wake_(std::move(wake)) {}

  Napi::Value listenRaw(const Napi::CallbackInfo& info);
  Napi::Value readFile(const Napi::CallbackInfo& info);
  Napi::Value reading(const Napi::CallbackInfo& info) const;
  Napi::Value frames(const Napi::CallbackInfo& info) const;
  // readPacket(input, path, options): puts one packet of a file into the intake.
  static Napi::Value readPacket(const Napi::CallbackInfo& info, Intake& intake);

  // Adds what happened to fragments and streams of this input, by name.
  void addOddities(uint32_t input, Napi::Object& odd) const;
  void stop(uint32_t drainMs);
  bool ended() const;
  // Ends the threads without draining.
  void close();
  // Calls `visit(const Intake&)` for each thread's intake of this input.
  template <typename Visit>
  void eachIntake(uint32_t input, Visit&& visit) const {
    for (const Channel& channel : channels_) {
      if (channel.input == input) visit(*channel.intake);
    }
  }

  // Calls `visit(input, Pulse::Reading)` for each thread that captures.
  template <typename Visit>
  void eachPulse(Visit&& visit) const {
    for (const Channel& channel : channels_) {
      if (channel.raw) visit(channel.input, channel.raw->pulse());
    }
  }

 private:
  // One thread and what it fills. The threads come last, so that they go first.
  struct Channel {
    uint32_t input;
    std::unique_ptr<Intake> intake;
    std::unique_ptr<FrameIntake> frames;
    std::unique_ptr<RawInput> raw;
    std::unique_ptr<FileInput> file;
  };

  Channel channel(uint32_t input, const FrameIntake::Options& options) const;

  std::shared_ptr<SlabPool> pool_;
  std::shared_ptr<Outbox> outbox_;
  IntakeLimits limits_;
  std::function<void()> wake_;
  std::vector<Channel> channels_;
};

}  // namespace hepcapd
