// Slabs from the disk: the octets and records of a sealed slab as they were written, put into a slab again.
//
// A file may hold anything, so every span of every record is checked against the octets first: readers of a
// sealed slab trust it. Threads: used on one.
#pragma once

#include <optional>

#include "slab.h"

namespace hepcapd {

class SlabLoader {
 public:
  enum class Fault : uint8_t {
    none,
    no_room,  // all slabs are taken
    damaged,  // no slab can have looked like this
  };

  // `slabBytes` is the largest that can be loaded.
  SlabLoader(size_t slabBytes, size_t slabs) : pool_(SlabPool::create(slabBytes, slabs)) {}

  // `octets` as they lay from the slab's start; `records` as they lay at its end, the first one last.
  Fault load(uint32_t input, Bytes octets, Bytes records);
  SlabHandle handle() const { return handle_; }

 private:
  std::shared_ptr<SlabPool> pool_;
  SlabHandle handle_ = 0;
};

}  // namespace hepcapd
