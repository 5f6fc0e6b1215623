// A network of its own for a test, with interfaces that no other program sees. Needs root: without, a test
// says so and passes.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "capture/frame_source.h"
#include "frames.h"

namespace hepcapd::test {

template <typename Condition>
void waitUntil(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

inline void run(const std::string& command) {
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

// The calling thread, and those that it starts, are in a new namespace for as long as this lives.
class Network {
 public:
  Network() : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    entered_ = home_ && ::unshare(CLONE_NEWNET) == 0;
    if (!entered_) {
      MESSAGE("skipped: needs the right to make a network namespace (root)");
      return;
    }
    // no neighbour discovery between our frames
    const Fd quiet(::open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
    [[maybe_unused]] const ssize_t written = ::write(quiet.get(), "1", 1);
    run("ip link set lo up");
  }
  ~Network() {
    if (entered_) ::setns(home_.get(), CLONE_NEWNET);
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  explicit operator bool() const { return entered_; }

 private:
  Fd home_;
  bool entered_ = false;
};

// Both ends of the cable are up, and the kernel has noticed: before that it drops what is sent, and says
// nothing.
inline void raiseCable() {
  run("ip link set near up");
  run("ip link set far up");
  for (const std::string end : {"near", "far"}) {
    const std::string query = "ip -o link show dev " + end + " | grep -q 'qdisc noqueue'";
    waitUntil([&] { return std::system(query.c_str()) == 0; });
  }
}

// A cable: what one end sends, the other receives.
inline void addCable() {
  run("ip link add near type veth peer name far");
  raiseCable();
}

inline int indexOf(const char* name) {
  const unsigned index = ::if_nametoindex(name);
  REQUIRE(index != 0);
  return int(index);
}

class FrameSender {
 public:
  explicit FrameSender(const char* interface) : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    REQUIRE(bool(fd_));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = indexOf(interface);
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  bool offer(const std::string& frame) const {
    return ::send(fd_.get(), frame.data(), frame.size(), 0) == ssize_t(frame.size());
  }
  void send(const std::string& frame) const { REQUIRE(offer(frame)); }

 private:
  Fd fd_;
};

// Frames of a type that nobody else sends (IEEE 802, local experiments), told apart by number.
inline constexpr uint16_t kTestType = 0x88b5;
inline std::string numbered(uint32_t number, size_t payloadBytes = 100) {
  return ethernet(u32(number) + std::string(payloadBytes - 4, char('a' + number % 26)), kTestType);
}

struct KeptFrame {
  uint32_t linkType;
  int64_t timeNs;
  uint32_t originalLength;
  std::string octets;

  bool isNumbered() const { return octets.size() >= 18 && octets.substr(12, 2) == u16(kTestType); }
  uint32_t number() const { return readU32(reinterpret_cast<const uint8_t*>(octets.data()) + 14); }
};
inline KeptFrame keep(const Frame& frame) {
  return {frame.linkType, frame.timeNs, frame.originalLength, std::string(frame.octets.text())};
}

// Keeps what it is given, to be looked at from any thread.
class KeepingSink : public FrameSink {
 public:
  void frame(const Frame& frame) override {
    const std::lock_guard lock(mutex_);
    kept_.push_back(keep(frame));
  }
  void idle() override {
    const std::lock_guard lock(mutex_);
    idles_++;
  }
  void kernelDropped(uint64_t frames) override {
    const std::lock_guard lock(mutex_);
    dropped_ += frames;
  }
  void draining(std::function<bool()> mayWait) override {
    const std::lock_guard lock(mutex_);
    mayWait_ = std::move(mayWait);
  }

  std::vector<KeptFrame> frames() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  // Of numbered frames, in the order of their arrival.
  std::vector<uint32_t> numbers() const {
    std::vector<uint32_t> all;
    for (const KeptFrame& frame : frames()) {
      if (frame.isNumbered()) all.push_back(frame.number());
    }
    return all;
  }
  uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }
  uint64_t idles() const {
    const std::lock_guard lock(mutex_);
    return idles_;
  }
  bool drained() const {
    const std::lock_guard lock(mutex_);
    return bool(mayWait_);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<KeptFrame> kept_;
  uint64_t dropped_ = 0;
  uint64_t idles_ = 0;
  std::function<bool()> mayWait_;
};

inline std::vector<uint32_t> countTo(uint32_t end) {
  std::vector<uint32_t> all(end);
  for (uint32_t i = 0; i < end; i++) all[i] = i;
  return all;
}

}  // namespace hepcapd::test
