// What a thread is called, as `ps -L` and /proc/PID/task/TID/comm show it (pthread_setname_np(3)).
#pragma once

#include <pthread.h>

#include <string>
#include <thread>

namespace hepcapd {

// The kernel keeps 15 octets of it.
inline constexpr size_t kLongestThreadName = 15;

inline void nameThread(pthread_t thread, const std::string& name) {
  ::pthread_setname_np(thread, name.substr(0, kLongestThreadName).c_str());
}

// `kind/of/number`: of a long middle its beginning.
inline std::string threadName(const std::string& kind, const std::string& of, size_t number) {
  const std::string end = "/" + std::to_string(number);
  const size_t used = kind.size() + 1 + end.size();
  return kind + "/" + of.substr(0, used < kLongestThreadName ? kLongestThreadName - used : 0) + end;
}

}  // namespace hepcapd
