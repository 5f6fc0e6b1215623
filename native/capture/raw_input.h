// Live raw capture: one thread, which moves frames from a FrameSource to a FrameSink.
//
// A link that goes down is waited for. An interface that is removed is looked for by its name until there is
// one again.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "../base/fd.h"
#include "../base/thread_name.h"
#include "frame_source.h"
#include "pulse.h"

namespace hepcapd {

// The sink's idle() comes at least this often, and an interface that is gone is looked for so often.
inline constexpr int kIdleMs = 50;

class RawInput {
 public:
  // `sink` outlives the input; it is called on the input's thread, and `ended` as that one's last act.
  RawInput(std::unique_ptr<FrameSource> source, FrameSink& sink, std::function<void()> ended);
  ~RawInput();
  RawInput(const RawInput&) = delete;
  RawInput& operator=(const RawInput&) = delete;

  // Asks the thread to hand on what the kernel holds for it at this moment, and to end. For `drainMs` the
  // sink may wait for room, and we for the kernel; what it did not give us by then counts as dropped by it.
  // A second call may shorten that.
  void stop(uint32_t drainMs);
  // Waits for the thread's end, after stop().
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  // Before join().
  void nameThread(const std::string& name) { hepcapd::nameThread(thread_.native_handle(), name); }
  // Of the thread; once it ends there is no work.
  Pulse::Reading pulse() const { return pulse_.read(); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  LinkState link() const { return link_.load(std::memory_order_relaxed); }

 private:
  void work();
  void waitForFrames();
  void drain();
  void tellDrops();
  bool stopped() const { return drainUntilMs_.load() != INT64_MAX; }

  std::unique_ptr<FrameSource> source_;
  FrameSink& sink_;
  std::function<void()> whenEnded_;
  Fd wake_;
  std::atomic<LinkState> link_{LinkState::up};
  std::atomic<int64_t> drainUntilMs_{INT64_MAX};  // of the steady clock, once stopped
  std::atomic<bool> ended_{false};
  Pulse pulse_;
  std::thread thread_;
};

}  // namespace hepcapd
