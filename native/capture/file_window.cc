#include "file_window.h"

namespace hepcapd {
namespace {

constexpr size_t kReadBytes = 1 << 20;

}  // namespace

bool FileWindow::hold(size_t octets) {
  while (last_ - first_ < octets) {
    if (last_ == capacity_ || first_ == last_) makeRoom();
    if (!readMore()) return false;
  }
  return true;
}

bool FileWindow::skip(uint64_t octets) {
  while (octets > last_ - first_) {
    octets -= last_ - first_;
    first_ = last_;
    makeRoom();
    if (!readMore()) return false;
  }
  first_ += size_t(octets);
  return true;
}

// Moves what is held to the front, and doubles the memory when that gives no room.
void FileWindow::makeRoom() {
  const Bytes kept = held();
  if (first_ == 0 && last_ == capacity_) {
    capacity_ = capacity_ == 0 ? kReadBytes : capacity_ * 2;
    std::unique_ptr<uint8_t[]> larger(new uint8_t[capacity_]);
    if (!kept.empty()) std::memcpy(larger.get(), kept.data, kept.size);
    octets_ = std::move(larger);
  } else if (!kept.empty()) {
    std::memmove(octets_.get(), kept.data, kept.size);
  }
  first_ = 0;
  last_ = kept.size;
}

bool FileWindow::readMore() {
  if (gate_ && !gate_(file_.get())) return false;
  ssize_t count;
  do {
    count = ::read(file_.get(), octets_.get() + last_, capacity_ - last_);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    throw OsError("read", errno, errno == EISDIR ? "name a capture file, not a folder" : "");
  }
  last_ += size_t(count);
  read_ += uint64_t(count);
  return count > 0;
}

}  // namespace hepcapd
