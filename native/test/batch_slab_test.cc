// Who owns a slab when: handles name one filling, readers delay the return, nothing is handed out twice.
#include "batch/slab.h"

#include <doctest/doctest.h>

#include <thread>

using namespace hepcapd;

TEST_CASE("a pool gives each slab once and then none until one comes back") {
  const auto pool = SlabPool::create(1 << 16, 2);
  Slab* first = pool->acquire(1);
  Slab* second = pool->acquire(1);
  REQUIRE(first != nullptr);
  REQUIRE(second != nullptr);
  CHECK(first != second);
  CHECK(pool->acquire(1) == nullptr);
  CHECK(pool->release(pool->seal(first)));
  CHECK(pool->acquire(1) == first);
}

TEST_CASE("a handle is valid from seal to release, once") {
  const auto pool = SlabPool::create(1 << 16, 1);
  const SlabHandle old = pool->seal(pool->acquire(1));
  CHECK(SlabPool::read(old));
  CHECK(pool->sealedCount() == 1);
  CHECK(pool->release(old));
  CHECK_FALSE(pool->release(old));
  CHECK_FALSE(SlabPool::read(old));
  const SlabHandle next = pool->seal(pool->acquire(1));
  CHECK(next != old);
  CHECK_FALSE(SlabPool::read(old));
  CHECK(SlabPool::read(next));
  CHECK(next < (SlabHandle{1} << 53));
}

TEST_CASE("handles that nobody gave out name nothing") {
  const auto pool = SlabPool::create(1 << 16, 1);
  const SlabHandle handle = pool->seal(pool->acquire(1));
  for (const SlabHandle wrong : {SlabHandle{0}, handle + 1, handle + 5000, ~SlabHandle{0}, handle ^ 4096}) {
    CHECK_FALSE(SlabPool::read(wrong));
    CHECK_FALSE(pool->release(wrong));
  }
}

TEST_CASE("a reader that is under way keeps the slab; it returns when the reader leaves") {
  const auto pool = SlabPool::create(1 << 16, 1);
  const SlabHandle handle = pool->seal(pool->acquire(1));
  {
    const auto reader = SlabPool::read(handle);
    CHECK(pool->release(handle));
    CHECK(pool->acquire(1) == nullptr);
    CHECK_FALSE(SlabPool::read(handle));
    CHECK(pool->sealedCount() == 1);
  }
  CHECK(pool->sealedCount() == 0);
  CHECK(pool->acquire(1) != nullptr);
}

TEST_CASE("handles of a pool that is gone name nothing") {
  SlabHandle handle;
  {
    const auto pool = SlabPool::create(1 << 16, 1);
    handle = pool->seal(pool->acquire(1));
  }
  CHECK_FALSE(SlabPool::read(handle));
}

TEST_CASE("readers outlive the last owner of the pool") {
  auto pool = SlabPool::create(1 << 16, 1);
  Slab* slab = pool->acquire(1);
  slab->tail()[0] = 42;
  slab->commit(1);
  auto reader = SlabPool::read(pool->seal(slab));
  pool.reset();
  CHECK(reader->base()[0] == 42);
}

TEST_CASE("waitFree returns when a slab is given back by another thread") {
  const auto pool = SlabPool::create(1 << 16, 1);
  const SlabHandle handle = pool->seal(pool->acquire(1));
  std::thread giver([&] { pool->release(handle); });
  while (pool->acquire(1) == nullptr) pool->waitFree(1000);
  giver.join();
}
