// The way from the inputs to JavaScript: sealed slabs in order, and one wake-up for any number of them.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "slab.h"

namespace hepcapd {

class Outbox {
 public:
  // `wake` is called from the thread that seals, only when the outbox was empty before.
  explicit Outbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void put(SlabHandle handle) {
    bool first;
    {
      std::lock_guard lock(mutex_);
      first = sealed_.empty();
      sealed_.push_back(handle);
    }
    if (first) wake_();
  }

  std::vector<SlabHandle> takeAll() {
    std::lock_guard lock(mutex_);
    return std::exchange(sealed_, {});
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<SlabHandle> sealed_;
};

}  // namespace hepcapd
