// A file or a pipe read once from front to back, in big reads, through a window of its octets.
//
// The window grows only when octets have come that do not fit: a length that a file claims allocates nothing.
#pragma once

#include <functional>
#include <memory>

#include "../base/bytes.h"
#include "../base/fd.h"
#include "../base/os_error.h"

namespace hepcapd {

// Used by one thread at a time. Octets that held() has shown are valid until the next hold() or skip().
class FileWindow {
 public:
  // Asked before each read(2), with the file's descriptor: false is the end of the file.
  using Gate = std::function<bool(int)>;

  explicit FileWindow(Fd file, Gate gate = {}) : file_(std::move(file)), gate_(std::move(gate)) {}

  // Reads on until so many octets are held; false when the file ends before. Throws OsError.
  bool hold(size_t octets);
  Bytes held() const { return {octets_.get() + first_, last_ - first_}; }
  // Lets go of octets that are held.
  void pass(size_t octets) { first_ += octets; }
  // Lets go of octets that need not be held; false when the file ends before. Throws OsError.
  bool skip(uint64_t octets);
  // Octets of the file that were let go of.
  uint64_t passed() const { return read_ - (last_ - first_); }

 private:
  void makeRoom();
  bool readMore();

  Fd file_;
  Gate gate_;
  uint64_t read_ = 0;
  std::unique_ptr<uint8_t[]> octets_;
  size_t capacity_ = 0;
  size_t first_ = 0;
  size_t last_ = 0;
};

}  // namespace hepcapd
