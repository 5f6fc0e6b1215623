// A test input that ends right before a page that cannot be touched: a decoder that reads one octet too far
// crashes in every build, not only under a sanitizer. The octets are read-only, so a write crashes as well.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace hepcapd {

// Owns the mapping; bytes() is valid as long as this object lives.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::string_view text) {
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    const size_t readable = (text.size() + page - 1) / page * page;
    mapped_ = readable + page;
    base_ = static_cast<uint8_t*>(
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) std::abort();
    uint8_t* first = base_ + readable - text.size();
    if (!text.empty()) std::memcpy(first, text.data(), text.size());
    if (readable > 0 && mprotect(base_, readable, PROT_READ) != 0) std::abort();
    if (mprotect(base_ + readable, page, PROT_NONE) != 0) std::abort();
    bytes_ = {first, text.size()};
  }
  GuardedBytes(GuardedBytes&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), mapped_(other.mapped_), bytes_(other.bytes_) {}
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  GuardedBytes& operator=(GuardedBytes&&) = delete;
  ~GuardedBytes() {
    if (base_ != nullptr) munmap(base_, mapped_);
  }

  Bytes bytes() const { return bytes_; }

 private:
  uint8_t* base_ = nullptr;
  size_t mapped_ = 0;
  Bytes bytes_;
};

inline GuardedBytes guarded(std::string_view text) { return GuardedBytes(text); }

}  // namespace hepcapd
