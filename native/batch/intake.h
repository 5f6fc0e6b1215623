// The end of an input and the start of a batch: one packet after the other is checked, parsed in place in
// the open slab, and counted. Full or aged slabs go to the outbox.
//
// Every packet that is handed to accept() is afterwards either a row of a slab or one count of a drop; the
// sum holds at each moment that counters() can see.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <mutex>

#include "../senders/policy.h"
#include "agents.h"
#include "drop.h"
#include "filing.h"
#include "outbox.h"

namespace hepcapd {

struct IntakeCounters {
  uint64_t received = 0;  // messages, kernel drops included
  uint64_t accepted = 0;  // rows put into slabs
  std::array<uint64_t, size_t(Drop::count)> dropped{};
  Oddities odd{};
};

struct IntakeLimits {
  uint32_t maxRows = 10000;  // of a slab: one transaction of the sink
  uint32_t flushMs = 100;    // a row waits no longer for company while the consumers keep up
};

class Intake {
 public:
  Intake(uint32_t input, std::shared_ptr<SlabPool> pool, std::shared_ptr<Outbox> outbox, IntakeLimits limits);
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Everything that changes state is done through a Session, which holds the lock: take one for a whole run
  // of packets, so that the lock is paid once and a snapshot sees whole runs.
  class Session {
   public:
    explicit Session(Intake& intake) : intake_(intake), lock_(intake.mutex_) {}
    // May this sender send, and now? False: refused, and counted. Before anything is looked at, and once for
    // each packet, unless it is offered again.
    bool admits(const Arrival& arrival, size_t octets) { return intake_.admits(arrival, octets); }
    // An admitted packet was not taken for now: it will be offered, and admitted, again.
    void putOff(const Arrival& arrival) { intake_.putOff(arrival); }
    // False only with `mayWait`: there is no slab now, nothing was counted, offer it again.
    bool accept(Bytes packet, const Arrival& arrival, bool mayWait = false) {
      return intake_.accept(packet, arrival, mayWait);
    }
    // Likewise. The payload reads as SIP and has kPacketBound octets at most. A message that somebody sent to
    // us is met() too.
    bool accept(const CapturedMessage& message, bool mayWait = false) {
      return intake_.accept(message, mayWait);
    }
    void met(const Arrival& arrival, size_t octets) {
      intake_.agents_.met(arrival.sender, arrival.timeUs, octets);
    }
    // One message that reached us and is no good: received and dropped.
    void refuse(Drop reason, const Arrival& arrival, size_t octets) {
      intake_.refuse(reason, arrival, octets);
    }
    // Messages that never reached us: received and dropped.
    void drop(Drop reason, uint64_t messages = 1) {
      intake_.counters_.received += messages;
      intake_.counters_.dropped[size_t(reason)] += messages;
    }
    // Seals the open slab when it is old enough and the consumers keep up, or at once with `now`. True
    // while there are rows that wait.
    bool flush(bool now = false) { return intake_.flush(now); }

   private:
    Intake& intake_;
    std::lock_guard<std::mutex> lock_;
  };

  // For the packets from here on.
  void use(std::shared_ptr<const SenderPolicy> policy);

  IntakeCounters counters() const;
  std::vector<Agent> agents(uint64_t& others) const;
  uint32_t flushMs() const { return limits_.flushMs; }
  SlabPool& pool() { return *pool_; }

 private:
  using Clock = std::chrono::steady_clock;

  bool admits(const Arrival& arrival, size_t octets);
  void putOff(const Arrival& arrival);
  bool accept(Bytes packet, const Arrival& arrival, bool mayWait);
  bool accept(const CapturedMessage& message, bool mayWait);
  bool hasKey(const HepPacket& hep, Drop& fault) const;
  void refuse(Drop reason, const Arrival& arrival, size_t octets);
  bool openFor(size_t octets, bool mayWait);
  void count();
  bool flush(bool now);
  void seal();

  const uint32_t input_;
  const std::shared_ptr<SlabPool> pool_;
  const std::shared_ptr<Outbox> outbox_;
  const IntakeLimits limits_;
  mutable std::mutex mutex_;
  Slab* open_ = nullptr;
  Clock::time_point openedAt_;
  IntakeCounters counters_;
  Filing filing_;
  std::shared_ptr<const SenderPolicy> policy_ = std::make_shared<SenderPolicy>();
  Agents agents_;
};

}  // namespace hepcapd
