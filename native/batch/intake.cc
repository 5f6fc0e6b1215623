#include "intake.h"

#include <ctime>

namespace hepcapd {
namespace {

int64_t steadyNs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// While fewer slabs than this wait for a sink, a slab is handed over for its age; else it is filled first.
constexpr size_t kSlabsInHand = 4;

Drop dropOf(HepFault fault) {
  switch (fault) {
    case HepFault::tooShort:
      return Drop::hepTooShort;
    case HepFault::badMagic:
      return Drop::hepBadMagic;
    case HepFault::badFamily:
      return Drop::hepBadFamily;
    case HepFault::badLength:
      return Drop::hepBadLength;
    case HepFault::badChunkLength:
      return Drop::hepBadChunkLength;
    default:
      return Drop::hepFamilyContradiction;
  }
}

}  // namespace

Intake::Intake(uint32_t input, std::shared_ptr<SlabPool> pool, std::shared_ptr<Outbox> outbox,
               IntakeLimits limits)
    : input_(input), pool_(std::move(pool)), outbox_(std::move(outbox)), limits_(limits) {}

Intake::~Intake() {
  if (open_) pool_->release(pool_->seal(open_));
}

IntakeCounters Intake::counters() const {
  std::lock_guard lock(mutex_);
  IntakeCounters counters = counters_;
  counters.odd = filing_.odd();
  return counters;
}

std::vector<Agent> Intake::agents(uint64_t& others) const {
  std::lock_guard lock(mutex_);
  others += agents_.others();
  return agents_.all();
}

void Intake::use(std::shared_ptr<const SenderPolicy> policy) {
  std::lock_guard lock(mutex_);
  policy_.swap(policy);
}

bool Intake::admits(const Arrival& arrival, size_t octets) {
  if (!policy_->allows(arrival.sender)) {
    counters_.received++;
    counters_.dropped[size_t(Drop::aclNotAllowed)]++;  // strangers get no place among the agents
    return false;
  }
  if (!policy_->limiter || policy_->limiter->take(arrival.sender, steadyNs())) return true;
  refuse(Drop::rateLimited, arrival, octets);
  return false;
}

void Intake::putOff(const Arrival& arrival) {
  if (policy_->limiter) policy_->limiter->giveBack(arrival.sender);
}

bool Intake::accept(Bytes packet, const Arrival& arrival, bool mayWait) {
  HepPacket hep;
  if (const HepFault fault = parseHep(packet, hep); fault != HepFault::none) {
    refuse(dropOf(fault), arrival, packet.size);
    return true;
  }
  if (Drop fault; !hasKey(hep, fault)) {
    refuse(fault, arrival, packet.size);
    return true;
  }
  if (!openFor(Filing::bound(hep, packet), mayWait)) {
    if (!mayWait) agents_.refused(arrival.sender, arrival.timeUs, packet.size, Drop::queueFull);
    return !mayWait;
  }
  filing_.append(*open_, hep, packet, arrival, policy_->keys.empty() ? KeyIs::theirs : KeyIs::ours);
  agents_.met(arrival.sender, arrival.timeUs, packet.size, hep);
  count();
  return true;
}

// Where a key is wanted, versions that cannot carry one are refused with the packets that have none.
bool Intake::hasKey(const HepPacket& hep, Drop& fault) const {
  if (policy_->keys.empty()) return true;
  const bool shows = hep.version == 3 && carries(hep, ChunkType::authKey);
  fault = shows ? Drop::hepBadKey : Drop::hepNoKey;
  return shows && policy_->keys.match(hep.authKey);
}

void Intake::refuse(Drop reason, const Arrival& arrival, size_t octets) {
  counters_.received++;
  counters_.dropped[size_t(reason)]++;
  agents_.refused(arrival.sender, arrival.timeUs, octets, reason);
}

bool Intake::accept(const CapturedMessage& message, bool mayWait) {
  if (!openFor(message.payload.size, mayWait)) return !mayWait;
  filing_.append(*open_, message);
  count();
  return true;
}

// False when there is no slab: that is a drop, unless the message will be offered again.
bool Intake::openFor(size_t octets, bool mayWait) {
  if (open_ && open_->room() < octets) seal();
  if (!open_) {
    open_ = pool_->acquire(input_);
    openedAt_ = Clock::now();
  }
  if (!open_ && !mayWait) {
    counters_.received++;
    counters_.dropped[size_t(Drop::queueFull)]++;
  }
  return open_ != nullptr;
}

// One more row stands in the open slab.
void Intake::count() {
  counters_.received++;
  counters_.accepted++;
  if (open_->rows() >= limits_.maxRows) seal();
}

bool Intake::flush(bool now) {
  if (!open_) return false;
  const bool aged = Clock::now() - openedAt_ >= std::chrono::milliseconds(limits_.flushMs);
  if (now || (aged && pool_->sealedCount() < kSlabsInHand)) seal();
  return open_ != nullptr;
}

void Intake::seal() {
  outbox_->put(pool_->seal(open_));
  open_ = nullptr;
}

}  // namespace hepcapd
