// "The world said no": a system call that failed, with what the operator can do about it.
// Thrown while opening things, never on the packet path.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace hepcapd {

struct OsError : std::runtime_error {
  OsError(std::string call, int error, std::string remedy = {})
      : std::runtime_error(call + ": " + std::strerror(error)),
        syscall(std::move(call)),
        code(error),
        cure(std::move(remedy)) {}

  std::string syscall;
  int code;
  std::string cure;
};

}  // namespace hepcapd
