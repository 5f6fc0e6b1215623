// What the threads that receive from the kernel have in common.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <ctime>

namespace hepcapd {

inline int64_t wallClockNs() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Lets a short run of datagrams grow, so that it is worth its system call.
inline void nap() {
  constexpr timespec kNap{0, 300'000};
  ::nanosleep(&kNap, nullptr);
}

// Ahead of what can wait, our own sinks before all: what the kernel has no room for cannot. Of this thread
// alone (setpriority(2)); without CAP_SYS_NICE it stays where it is.
inline void goFirst() {
  constexpr int kNice = -10;
  ::setpriority(PRIO_PROCESS, 0, kNice);
}

}  // namespace hepcapd
