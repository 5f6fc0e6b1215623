#include "intake.h"

namespace hepcapd {
namespace {

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

const char* dropName(Drop drop) {
  switch (drop) {
    case Drop::queueFull:
      return "queue/full";
    case Drop::kernelReceiveBuffer:
      return "kernel/rxq_ovfl";
    case Drop::kernelRing:
      return "kernel/tp_drops";
    case Drop::hepTooShort:
      return "hep/too_short";
    case Drop::hepBadMagic:
      return "hep/bad_magic";
    case Drop::hepBadFamily:
      return "hep/bad_family";
    case Drop::hepBadLength:
      return "hep/bad_length";
    case Drop::hepBadChunkLength:
      return "hep/bad_chunk_length";
    case Drop::hepFamilyContradiction:
      return "hep/family_contradiction";
    case Drop::tcpBadMagic:
      return "tcp/bad_magic";
    case Drop::tcpBadLength:
      return "tcp/bad_length";
    case Drop::tcpIncomplete:
      return "tcp/incomplete";
    case Drop::tcpTimeout:
      return "tcp/timeout";
    case Drop::wsTextMessage:
      return "ws/text_message";
    case Drop::wsBadMessage:
      return "ws/bad_message";
    case Drop::wsBadFrame:
      return "ws/bad_frame";
    case Drop::wsTooLong:
      return "ws/too_long";
    case Drop::wsIncomplete:
      return "ws/incomplete";
    case Drop::wsTimeout:
      return "ws/timeout";
    case Drop::udpNotSipOrHep:
      return "udp/not_sip_or_hep";
    case Drop::udpHepOff:
      return "udp/hep_off";
    case Drop::udpKeepAlive:
      return "udp/keep_alive";
    case Drop::udpStun:
      return "udp/stun";
    case Drop::count:
      break;
  }
  return "";
}

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

bool Intake::accept(Bytes packet, const Arrival& arrival, bool mayWait) {
  HepPacket hep;
  const HepFault fault = parseHep(packet, hep);
  if (fault != HepFault::none) {
    counters_.received++;
    counters_.dropped[size_t(dropOf(fault))]++;
    return true;
  }
  if (!openFor(Filing::bound(hep, packet), mayWait)) return !mayWait;
  filing_.append(*open_, hep, packet, arrival);
  count();
  return true;
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
