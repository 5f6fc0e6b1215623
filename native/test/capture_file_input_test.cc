// A capture file as an input: all frames, the state at the end, and a stop that no pipe holds up.
#include "capture/file_input.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <vector>

#include "frames.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr Order kLittle{false};

std::string header() {
  return kLittle.u32(0xa1b2c3d4) + kLittle.u16(2) + kLittle.u16(4) + kLittle.u32(0) + kLittle.u32(0) +
         kLittle.u32(65535) + kLittle.u32(1);
}
std::string record(const std::string& octets) {
  return kLittle.u32(1) + kLittle.u32(2) + kLittle.u32(octets.size()) + kLittle.u32(octets.size()) + octets;
}

// A path of its own that goes with it.
struct Path {
  std::string folder;
  std::string name;
  Path() {
    char made[] = "/tmp/hepcapd-file-input-XXXXXX";
    folder = ::mkdtemp(made);
    name = folder + "/capture";
  }
  ~Path() { std::filesystem::remove_all(folder); }
  void write(const std::string& octets) const {
    const Fd file(::open(name.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600));
    REQUIRE(::write(file.get(), octets.data(), octets.size()) == ssize_t(octets.size()));
  }
};

class Taken : public FrameSink {
 public:
  std::vector<std::string> frames;
  std::function<bool()> mayWait;
  bool ended = false;

  void frame(const Frame& frame) override {
    const std::lock_guard lock(mutex_);
    frames.emplace_back(frame.octets.text());
    changed_.notify_all();
  }
  void idle() override {}
  void kernelDropped(uint64_t) override {}
  void draining(std::function<bool()> may) override { mayWait = std::move(may); }
  void end() {
    const std::lock_guard lock(mutex_);
    ended = true;
    changed_.notify_all();
  }
  template <typename Condition>
  bool waitFor(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), condition);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace

TEST_CASE("a file is handed on whole, and says how it ended") {
  const Path path;
  const std::string good = header() + record("one") + record("two");
  for (const auto& [octets, state] : {std::pair{good, ReadState::end},
                                      {good + record("three").substr(0, 17), ReadState::truncated},
                                      {std::string("#!/bin/sh"), ReadState::notCapture}}) {
    path.write(octets);
    Taken taken;
    FileInput input(path.name, taken, [&] { taken.end(); });
    REQUIRE(taken.waitFor([&] { return taken.ended; }));
    CHECK(input.ended());
    CHECK(input.state() == state);
    CHECK(input.error() == "");
    CHECK(taken.mayWait());
    if (state != ReadState::notCapture) CHECK(taken.frames == std::vector<std::string>{"one", "two"});
    if (state == ReadState::end) CHECK(input.position() == octets.size());
  }
}

TEST_CASE("a file that is not there is refused when it is opened, a folder when it is read") {
  const Path path;
  Taken taken;
  CHECK_THROWS_AS(FileInput(path.name, taken, [] {}), OsError);
  FileInput folder(path.folder, taken, [&] { taken.end(); });
  REQUIRE(taken.waitFor([&] { return taken.ended; }));
  CHECK(folder.error() == "read: Is a directory");
}

TEST_CASE("a pipe's frames are handed on as they come, and a silent pipe holds up no stop") {
  const Path path;
  REQUIRE(::mkfifo(path.name.c_str(), 0600) == 0);
  const Fd writer(::open(path.name.c_str(), O_RDWR));
  Taken taken;
  FileInput input(path.name, taken, [&] { taken.end(); });
  const std::string octets = header() + record("one") + record("two").substr(0, 5);
  REQUIRE(::write(writer.get(), octets.data(), octets.size()) == ssize_t(octets.size()));
  REQUIRE(taken.waitFor([&] { return taken.frames.size() == 1; }));
  input.stop(0);
  input.join();
  CHECK(input.ended());
  CHECK(input.state() == ReadState::frame);
  CHECK_FALSE(taken.mayWait());
}
