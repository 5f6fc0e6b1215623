// Socket options that more than one input sets. Each throws OsError, but for the buffer: what was granted is
// told, and is for the operator to judge.
#pragma once

#include <linux/membarrier.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "../base/os_error.h"
#include "../bpf/program.h"

namespace hepcapd {

inline void enable(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) != 0)
    throw OsError(std::string("setsockopt ") + name, errno);
}

// The kernel doubles what it is given, for its own overhead (socket(7)); we speak of the half, as
// net.core.rmem_max does.
inline uint32_t receiveBufferOf(int fd) {
  int granted = 0;
  socklen_t size = sizeof granted;
  ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size);
  return uint32_t(granted / 2);
}

// SO_RCVBUFFORCE goes beyond net.core.rmem_max with CAP_NET_ADMIN.
inline uint32_t growReceiveBuffer(int fd, uint32_t wanted) {
  const int asked = int(std::min<uint32_t>(wanted, INT32_MAX / 2));
  if (asked > 0 && ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &asked, sizeof asked) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &asked, sizeof asked);
  }
  return receiveBufferOf(fd);
}

// Takes the place of the filter that is attached; each packet is judged by the one or the other.
inline void attachFilter(int fd, const Program& program) {
  Program words = program;  // the kernel's structure has no const
  const sock_fprog filter{uint16_t(words.size()), reinterpret_cast<sock_filter*>(words.data())};
  if (words.size() <= kMaxInstructions &&
      ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0)
    return;
  const int error = words.size() > kMaxInstructions ? EINVAL : errno;
  const char* cure =
      error == ENOMEM ? "raise net.core.optmem_max" : "the filter is not one that the kernel takes";
  throw OsError("setsockopt SO_ATTACH_FILTER", error, cure);
}

// Returns when no packet is on its way any more that was matched before: the kernel does that under RCU,
// whose grace period membarrier(2) waits for. Where it cannot, a packet may slip through that nobody waited
// for.
inline void awaitPacketsUnderWay() { ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

inline Program rejectAll() { return {{BPF_RET | BPF_K, 0, 0, 0}}; }

}  // namespace hepcapd
