#include "slab.h"

#include <sys/mman.h>

#include <array>
#include <chrono>
#include <new>

namespace hepcapd {
namespace {

constexpr size_t kPage = 4096;
constexpr uint32_t kIndexBits = 12;
constexpr uint32_t kPoolBits = 9;
constexpr size_t kPools = size_t{1} << kPoolBits;
// Free slabs whose pages stay with us; the pages of others go back to the kernel after a burst.
constexpr size_t kWarmSlabs = 4;
// From so many sealed slabs on a slab will be filled whole: huge pages then cost no memory, and a hundredth
// of the page faults. Before, they would make a large one of each slab that is handed over half empty.
constexpr size_t kHugePagesFrom = 4;

std::mutex registryMutex;
std::array<std::weak_ptr<SlabPool>, kPools> registry;

uint32_t enter(const std::shared_ptr<SlabPool>& pool) {
  std::lock_guard lock(registryMutex);
  for (uint32_t number = 0; number < kPools; number++) {
    if (!registry[number].expired()) continue;
    registry[number] = pool;
    return number;
  }
  throw std::bad_alloc();
}

std::shared_ptr<SlabPool> poolOf(SlabHandle handle) {
  std::lock_guard lock(registryMutex);
  return registry[(handle >> kIndexBits) % kPools].lock();
}

}  // namespace

std::shared_ptr<SlabPool> SlabPool::create(size_t slabBytes, size_t count) {
  slabBytes = (slabBytes + kPage - 1) / kPage * kPage;
  count = std::min(count, size_t{1} << kIndexBits);
  std::shared_ptr<SlabPool> pool(new SlabPool);
  void* memory = ::mmap(nullptr, slabBytes * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  pool->memory_ = static_cast<uint8_t*>(memory);
  pool->memoryBytes_ = slabBytes * count;
  pool->slabs_.resize(count);
  for (size_t i = 0; i < count; i++) {
    pool->slabs_[i].base_ = pool->memory_ + i * slabBytes;
    pool->slabs_[i].capacity_ = uint32_t(slabBytes);
    pool->free_.push_back(&pool->slabs_[count - 1 - i]);
  }
  pool->number_ = enter(pool);
  return pool;
}

SlabPool::~SlabPool() {
  if (memory_) ::munmap(memory_, memoryBytes_);
}

void SlabPool::waitFree(uint32_t waitMs) {
  std::unique_lock lock(mutex_);
  released_.wait_for(lock, std::chrono::milliseconds(waitMs), [&] { return !free_.empty(); });
}

Slab* SlabPool::acquire(uint32_t input) {
  std::lock_guard lock(mutex_);
  if (free_.empty()) return nullptr;
  Slab* slab = free_.back();
  free_.pop_back();
  if (sealedCount() >= kHugePagesFrom) ::madvise(slab->base_, slab->capacity_, MADV_HUGEPAGE);
  slab->state_ = Slab::State::open;
  slab->input_ = input;
  slab->used_ = 0;
  slab->rows_ = 0;
  return slab;
}

SlabHandle SlabPool::seal(Slab* slab) {
  std::lock_guard lock(mutex_);
  slab->state_ = Slab::State::sealed;
  sealed_.fetch_add(1, std::memory_order_relaxed);
  return handleOf(slab);
}

SlabHandle SlabPool::handleOf(const Slab* slab) const {
  const uint64_t index = uint64_t(slab - slabs_.data());
  return uint64_t(slab->generation_) << (kPoolBits + kIndexBits) | uint64_t(number_) << kIndexBits | index;
}

Slab* SlabPool::sealedSlab(SlabHandle handle) {
  const size_t index = handle % (size_t{1} << kIndexBits);
  if (index >= slabs_.size()) return nullptr;
  Slab* slab = &slabs_[index];
  const bool valid = slab->state_ == Slab::State::sealed && !slab->releasing_ && handleOf(slab) == handle;
  return valid ? slab : nullptr;
}

bool SlabPool::release(SlabHandle handle) {
  std::unique_lock lock(mutex_);
  Slab* slab = sealedSlab(handle);
  if (!slab) return false;
  slab->releasing_ = true;
  if (slab->readers_ == 0) recycle(slab, lock);
  return true;
}

void SlabPool::recycle(Slab* slab, std::unique_lock<std::mutex>& lock) {
  if (free_.size() >= kWarmSlabs) {
    // It takes a millisecond, and the inputs come for slabs: the slab is nobody's while it is `releasing_`.
    lock.unlock();
    ::madvise(slab->base_, slab->capacity_, MADV_DONTNEED);
    lock.lock();
  }
  slab->releasing_ = false;
  slab->state_ = Slab::State::free;
  slab->generation_++;
  free_.push_back(slab);
  sealed_.fetch_sub(1, std::memory_order_relaxed);
  released_.notify_all();
}

void SlabPool::readerLeft(Slab* slab) {
  std::unique_lock lock(mutex_);
  if (--slab->readers_ == 0 && slab->releasing_) recycle(slab, lock);
}

SlabPool::Reader SlabPool::read(SlabHandle handle) {
  std::shared_ptr<SlabPool> pool = poolOf(handle);
  if (!pool) return {};
  std::lock_guard lock(pool->mutex_);
  Slab* slab = pool->sealedSlab(handle);
  if (!slab) return {};
  slab->readers_++;
  return Reader(pool, slab);
}

}  // namespace hepcapd
