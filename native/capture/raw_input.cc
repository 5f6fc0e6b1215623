#include "raw_input.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <chrono>

#include "../base/os_error.h"
#include "receive_thread.h"

namespace hepcapd {
namespace {

constexpr int kDrainSliceMs = 10;

int64_t steadyMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

RawInput::RawInput(std::unique_ptr<FrameSource> source, FrameSink& sink, std::function<void()> ended)
    : source_(std::move(source)),
      sink_(sink),
      whenEnded_(std::move(ended)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw OsError("eventfd", errno);
  thread_ = std::thread([this] { work(); });
}

RawInput::~RawInput() {
  stop(0);
  join();
}

void RawInput::stop(uint32_t drainMs) {
  const int64_t until = steadyMs() + drainMs;
  int64_t before = drainUntilMs_.load();
  while (until < before && !drainUntilMs_.compare_exchange_weak(before, until)) {
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void RawInput::work() {
  goFirst();
  while (!stopped()) {
    const auto [first, second] = source_->descriptors();
    pulse_.beat(first, second);
    const bool some = source_->read(sink_) > 0;
    tellDrops();
    sink_.idle();
    if (!some) waitForFrames();
  }
  pulse_.end();
  drain();
  source_.reset();  // a promiscuous interface is left alone from here on, whenever our owner goes
  link_ = LinkState::gone;
  ended_.store(true, std::memory_order_release);
  whenEnded_();
}

// Until there are frames, stop() is called, or it is time for idle(). A source says what became of its link
// by an error, or not at all.
void RawInput::waitForFrames() {
  const auto [first, second] = source_->descriptors();
  pollfd waits[] = {{wake_.get(), POLLIN, 0}, {first, POLLIN, 0}, {second, POLLIN, 0}};
  const int ready = ::poll(waits, 3, kIdleMs);
  if (ready > 0 && ((waits[1].revents | waits[2].revents) & POLLIN)) {
    link_ = LinkState::up;
    return;
  }
  link_ = source_->link();
  // frames that came before the interface went are read first
  if (link_ == LinkState::gone && source_->pending() == 0 && source_->reopen()) link_ = source_->link();
}

// A ring hands frames over by the block, and a block that is not full only after a while: frames that the
// kernel tells of and did not give us yet are waited for. There is an end to them, as it takes in no more.
void RawInput::drain() {
  const auto mayWait = [this] { return steadyMs() < drainUntilMs_.load(); };
  source_->refuseMore();
  sink_.draining(mayWait);
  for (;;) {
    if (source_->read(sink_) > 0) continue;
    if (source_->pending() == 0 || !mayWait()) break;
    const auto [first, second] = source_->descriptors();
    pollfd waits[] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    ::poll(waits, 2, kDrainSliceMs);
  }
  tellDrops();
  if (const uint64_t left = source_->pending()) sink_.kernelDropped(left);
  sink_.finish();
}

void RawInput::tellDrops() {
  if (const uint64_t drops = source_->newDrops()) sink_.kernelDropped(drops);
}

}  // namespace hepcapd
