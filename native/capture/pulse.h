// Whether a receive thread comes round to what it reads: told by the thread, looked at by others, without a
// lock. A reader may meet a descriptor that has just become another one: it looks once more before it
// believes anything.
#pragma once

#include <poll.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace hepcapd {

class Pulse {
 public:
  struct Reading {
    uint64_t beats;
    bool hasWork;  // the kernel holds something for the thread
  };

  // On the thread: it is about to read these; -1 is none.
  void beat(int first, int second = -1) {
    first_.store(first, std::memory_order_relaxed);
    second_.store(second, std::memory_order_relaxed);
    beats_.fetch_add(1, std::memory_order_relaxed);
  }

  // On the thread, before they are closed: it reads to the end now, and takes the time that it needs.
  void end() { beat(-1); }

  // On any thread.
  Reading read() const {
    std::array<pollfd, 2> waits{{{first_.load(std::memory_order_relaxed), POLLIN, 0},
                                 {second_.load(std::memory_order_relaxed), POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), 0);
    return {beats_.load(std::memory_order_relaxed), ((waits[0].revents | waits[1].revents) & POLLIN) != 0};
  }

 private:
  std::atomic<uint64_t> beats_{0};
  std::atomic<int> first_{-1};
  std::atomic<int> second_{-1};
};

}  // namespace hepcapd
