// Slabs: the fixed blocks of memory in which messages travel from an input to the sinks.
//
//      0                                                                  capacity
//      | packet 0 | packet 1 | packet 2 | ...  free  ... | record 1 | record 0 |
//        octets, as they came and inflated  ->            <-  one Record a message
//
// A slab is owned by exactly one party at a time: the pool (free), an Intake that fills it (open), then
// whoever holds its handle (sealed), until release(). Nothing about it is tied to garbage collection.
// Its bytes are written only while it is open, so any thread may read a sealed one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "record.h"

namespace hepcapd {

// Names one filling of one slab: pool, generation and index in 53 bits, so that JavaScript holds it as a
// number. Each use is checked; a handle that was released names nothing any more.
using SlabHandle = uint64_t;

class SlabPool;

class Slab {
 public:
  // Octets that can still be taken when a record is added with them.
  size_t room() const {
    const size_t taken = used_ + (rows_ + 1) * sizeof(Record);
    return taken >= capacity_ ? 0 : capacity_ - taken;
  }
  // Where the next octets go; commit() makes them part of the slab together with the record.
  uint8_t* tail() { return base_ + used_; }
  uint32_t used() const { return used_; }
  uint32_t rows() const { return rows_; }
  uint32_t capacity() const { return capacity_; }
  uint32_t input() const { return input_; }
  const uint8_t* base() const { return base_; }
  Bytes bytes(uint32_t offset, uint32_t length) const { return {base_ + offset, size_t(length)}; }

  Record& nextRecord() { return recordAt(rows_); }
  void commit(size_t octets) {
    used_ += uint32_t(octets);
    rows_++;
  }
  // Copies octets to the tail for the record that is committed next; there is room for them.
  SlabSpan append(Bytes octets) {
    const SlabSpan span{used_, uint32_t(octets.size)};
    if (!octets.empty()) std::memcpy(tail(), octets.data, octets.size);
    used_ += span.length;
    return span;
  }
  Bytes bytes(SlabSpan span) const { return bytes(span.offset, span.length); }
  const Record& record(uint32_t row) const { return const_cast<Slab*>(this)->recordAt(row); }

 private:
  friend class SlabPool;
  enum class State : uint8_t { free, open, sealed };

  Record& recordAt(uint32_t row) {
    return *reinterpret_cast<Record*>(base_ + capacity_ - size_t(row + 1) * sizeof(Record));
  }

  uint8_t* base_ = nullptr;
  uint32_t capacity_ = 0;
  uint32_t used_ = 0;
  uint32_t rows_ = 0;
  uint32_t input_ = 0;
  uint32_t generation_ = 1;
  uint32_t readers_ = 0;
  State state_ = State::free;
  bool releasing_ = false;
};

class SlabPool : public std::enable_shared_from_this<SlabPool> {
 public:
  // `slabBytes` is rounded up to whole pages; memory is reserved at once and touched when used.
  static std::shared_ptr<SlabPool> create(size_t slabBytes, size_t count);
  ~SlabPool();
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // A slab to fill, or nullptr when all are taken: the bound of the queue.
  Slab* acquire(uint32_t input);
  // Blocks until a slab is free, at most `waitMs`; for inputs that may wait.
  void waitFree(uint32_t waitMs);
  // Of a slab that is being filled: what seal() will return. It names nothing until then.
  SlabHandle handleOf(const Slab* slab) const;
  // Ends filling. From here on the slab belongs to the handle.
  SlabHandle seal(Slab* slab);
  // Gives the slab back; false when the handle names no sealed slab (any more). A reader that is under way
  // finishes first: the slab returns to the pool when it does.
  bool release(SlabHandle handle);
  // Slabs that are sealed and not released: what the consumers still have to do.
  size_t sealedCount() const { return sealed_.load(std::memory_order_relaxed); }

  // Reads a sealed slab, from any thread; keeps it from being reused while it lives.
  class Reader {
   public:
    Reader() = default;
    Reader(std::shared_ptr<SlabPool> pool, Slab* slab) : pool_(std::move(pool)), slab_(slab) {}
    Reader(Reader&& other) noexcept
        : pool_(std::move(other.pool_)), slab_(std::exchange(other.slab_, nullptr)) {}
    Reader& operator=(Reader&& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(slab_, other.slab_);
      return *this;
    }
    ~Reader() {
      if (slab_) pool_->readerLeft(slab_);
    }
    explicit operator bool() const { return slab_ != nullptr; }
    const Slab* operator->() const { return slab_; }
    const Slab& operator*() const { return *slab_; }
    const std::shared_ptr<SlabPool>& pool() const { return pool_; }

   private:
    std::shared_ptr<SlabPool> pool_;
    Slab* slab_ = nullptr;
  };
  // The sealed slab of this handle in whatever pool it is, or an empty Reader.
  static Reader read(SlabHandle handle);

 private:
  SlabPool() = default;
  Slab* sealedSlab(SlabHandle handle);  // with mutex_ held
  void recycle(Slab* slab, std::unique_lock<std::mutex>& lock);
  void readerLeft(Slab* slab);

  uint32_t number_ = 0;  // in the registry of pools
  uint8_t* memory_ = nullptr;
  size_t memoryBytes_ = 0;
  std::mutex mutex_;
  std::condition_variable released_;
  std::vector<Slab> slabs_;
  std::vector<Slab*> free_;  // last released first: its pages are warm
  std::atomic<size_t> sealed_{0};
};

}  // namespace hepcapd
