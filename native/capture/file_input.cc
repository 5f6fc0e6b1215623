#include "file_input.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <chrono>

namespace hepcapd {
namespace {

int64_t steadyMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

FileInput::FileInput(const std::string& path, FrameSink& sink, std::function<void()> ended)
    : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      sink_(sink),
      whenEnded_(std::move(ended)),
      reader_(PcapReader::open(path, [this](int fd) { return mayRead(fd); })) {
  if (!wake_) throw OsError("eventfd", errno);
  thread_ = std::thread([this] { work(); });
}

FileInput::~FileInput() {
  stop(0);
  join();
}

void FileInput::stop(uint32_t drainMs) {
  waitsUntilMs_ = steadyMs() + drainMs;
  stopping_ = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

// A pipe may be silent for hours: rows do not wait for it, nor does stop(). Files are always ready.
bool FileInput::mayRead(int fd) {
  sink_.idle();
  pollfd waits[] = {{fd, POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  while (::poll(waits, 2, -1) < 0 && errno == EINTR) {
  }
  return !stopping_;
}

// A file can wait for the sinks, in place of dropping as live inputs do.
bool FileInput::mayWait() const {
  const int64_t until = waitsUntilMs_.load(std::memory_order_relaxed);
  return until == INT64_MAX || steadyMs() < until;
}

void FileInput::work() {
  sink_.draining([this] { return mayWait(); });
  try {
    readAll();
  } catch (const OsError& error) {
    error_ = error.what();
  }
  sink_.finish();
  ended_.store(true, std::memory_order_release);
  whenEnded_();
}

void FileInput::readAll() {
  Frame frame;
  while (!stopping_) {
    const ReadState state = reader_.next(frame);
    position_.store(reader_.position(), std::memory_order_relaxed);
    if (state == ReadState::frame) {
      sink_.frame(frame);
    } else {
      if (!stopping_) state_ = state;
      return;
    }
  }
}

}  // namespace hepcapd
