// A capture file as an input: one thread, which reads the file from front to back and hands on its frames.
#pragma once

#include <atomic>
#include <thread>

#include "../base/thread_name.h"
#include "frame_source.h"
#include "pcap_reader.h"

namespace hepcapd {

class FileInput {
 public:
  // "-" is standard input. `sink` outlives the input; `ended` is called on the thread, as its last act.
  // Throws OsError when the file cannot be opened.
  FileInput(const std::string& path, FrameSink& sink, std::function<void()> ended);
  ~FileInput();
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;

  // Ends after the frame that is being handed on, which waits for room `drainMs` at most; a pipe is not
  // waited for.
  void stop(uint32_t drainMs);
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  // Before join().
  void nameThread(const std::string& name) { hepcapd::nameThread(thread_.native_handle(), name); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }

  // These two may be asked for once it has ended.
  ReadState state() const { return state_; }  // ReadState::frame: stopped, or the read failed
  const std::string& error() const { return error_; }

  // Octets of the file that are dealt with.
  uint64_t position() const { return position_.load(std::memory_order_relaxed); }

 private:
  bool mayRead(int fd);
  bool mayWait() const;
  void work();
  void readAll();

  Fd wake_;
  FrameSink& sink_;
  std::function<void()> whenEnded_;
  PcapReader reader_;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> waitsUntilMs_{INT64_MAX};  // of the steady clock
  std::atomic<bool> ended_{false};
  std::atomic<uint64_t> position_{0};
  ReadState state_ = ReadState::frame;
  std::string error_;
  std::thread thread_;
};

}  // namespace hepcapd
