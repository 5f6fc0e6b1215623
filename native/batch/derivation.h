// Records of what routes made of a message: other HEP octets, or another correlation id, type and custom
// fields. They stand in slabs of their own, which sinks read like any other; the message that they derive
// from stays as it came.
//
// Used by one thread; once sealed, a slab is anybody's who has its handle. All slabs together are the bound:
// what finds no room is refused, and the caller told.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "filing.h"

namespace hepcapd {

// What a copied record says in place of the one that it was copied from.
struct RecordChanges {
  std::optional<Bytes> correlation;  // kPacketBound octets at most
  std::optional<uint8_t> protocolType;
  std::optional<Bytes> custom;  // isCustomFields()
};

// A row of the open slab, or why there is none.
struct Derived {
  enum class State : uint8_t { row, noRoom, refused };
  State state = State::row;
  uint32_t row = 0;
  HepFault fault = HepFault::none;  // of a packet that is refused

  static Derived at(uint32_t row) { return {State::row, row, HepFault::none}; }
  static Derived none() { return {State::noRoom, 0, HepFault::none}; }
  static Derived refused(HepFault fault) { return {State::refused, 0, fault}; }
};

class Derivation {
 public:
  // `slabBytes` is kSmallestSlab at least.
  Derivation(size_t slabBytes, size_t slabs) : pool_(SlabPool::create(slabBytes, slabs)) {}
  ~Derivation();
  Derivation(const Derivation&) = delete;
  Derivation& operator=(const Derivation&) = delete;

  // A message of HEP version 3 with other octets, which are of that version too. What came with the message
  // stays (its arrival, its sender, custom fields), and so do numbers and addresses that the octets do not
  // say. Payload and correlation id are those of the octets alone.
  Derived edit(const Slab& from, uint32_t row, Bytes packet);
  // A record with the same octets.
  Derived copy(const Slab& from, uint32_t row, const RecordChanges& changes);

  // The slab that is being filled, or nullptr. A slab has messages of one input: when it has no room, or the
  // next message is of another input, it is to be sealed first.
  const Slab* open() const { return open_; }
  SlabHandle openHandle() const { return pool_->handleOf(open_); }  // what seal() will return
  // Ends filling the open slab; whoever gets the handle releases it.
  SlabHandle seal() { return pool_->seal(std::exchange(open_, nullptr)); }
  const std::shared_ptr<SlabPool>& pool() const { return pool_; }

 private:
  bool openFor(const Slab& from, size_t octets);

  const std::shared_ptr<SlabPool> pool_;
  Slab* open_ = nullptr;
  Filing filing_;
};

}  // namespace hepcapd
