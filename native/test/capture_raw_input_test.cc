// The thread between a source and a sink, with a source that the test plays.
#include <doctest/doctest.h>
#include <sys/eventfd.h>

#include <deque>

#include "capture/raw_input.h"
#include "network.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr uint32_t kLongMs = 60'000;

// What the test and the input's thread share of a played source, which dies on that thread.
struct Script {
  std::mutex mutex;
  std::deque<std::vector<std::string>> blocks;
  std::deque<std::vector<std::string>> unfinished;  // blocks that the kernel still fills
  uint64_t drops = 0;
  LinkState link = LinkState::up;
  bool comesBack = false;
  bool refuses = false;
  bool finishes = true;  // blocks, once refusing
  int reopened = 0;
  bool closed = false;

  template <typename Change>
  void with(Change&& change) {
    const std::lock_guard lock(mutex);
    change(*this);
  }
};

class PlayedSource : public FrameSource {
 public:
  explicit PlayedSource(Script& script) : script_(script) {}
  ~PlayedSource() override {
    script_.with([](Script& s) { s.closed = true; });
  }
  size_t read(FrameSink& sink) override {
    std::vector<std::string> block;
    {
      const std::lock_guard lock(script_.mutex);
      if (script_.blocks.empty() && script_.refuses && script_.finishes)
        script_.blocks.swap(script_.unfinished);
      if (script_.blocks.empty()) return 0;
      block = std::move(script_.blocks.front());
      script_.blocks.pop_front();
    }
    for (const std::string& octets : block)
      sink.frame({1, 7, Bytes(std::string_view(octets)), uint32_t(octets.size())});
    return block.size();
  }
  void refuseMore() override {
    script_.with([](Script& s) { s.refuses = true; });
  }
  uint64_t pending() override {
    uint64_t frames = 0;
    script_.with([&](Script& s) {
      for (const auto& block : s.blocks) frames += block.size();
      for (const auto& block : s.unfinished) frames += block.size();
    });
    return frames;
  }
  uint64_t newDrops() override {
    uint64_t drops = 0;
    script_.with([&](Script& s) { drops = std::exchange(s.drops, 0); });
    return drops;
  }
  LinkState link() override {
    const std::lock_guard lock(script_.mutex);
    return script_.link;
  }
  bool reopen() override {
    const std::lock_guard lock(script_.mutex);
    script_.reopened++;
    if (!script_.comesBack) return false;
    script_.link = LinkState::up;
    return true;
  }
  std::array<int, 2> descriptors() const override { return {-1, -1}; }

 private:
  Script& script_;
};

struct Played {
  Script script;
  KeepingSink sink;
  std::atomic<int> endings{0};
  std::unique_ptr<RawInput> input;

  void start() {
    input = std::make_unique<RawInput>(std::make_unique<PlayedSource>(script), sink, [this] { endings++; });
  }
  void stop(uint32_t drainMs = kLongMs) {
    input->stop(drainMs);
    input->join();
  }
  std::vector<std::string> seen() const {
    std::vector<std::string> all;
    for (const KeptFrame& frame : sink.frames()) all.push_back(frame.octets);
    return all;
  }
};

}  // namespace

TEST_CASE("frames are handed on in order, and the sink hears of an idle moment after each block") {
  Played played;
  played.script.blocks = {{"one", "two"}, {"three"}};
  played.start();
  waitUntil([&] { return played.sink.frames().size() == 3; });
  CHECK(played.seen() == std::vector<std::string>{"one", "two", "three"});
  CHECK(played.sink.frames()[0].timeNs == 7);
  const uint64_t idles = played.sink.idles();
  waitUntil([&] { return played.sink.idles() > idles + 2; });  // and while none come
  CHECK_FALSE(played.sink.drained());
  CHECK_FALSE(played.input->ended());
  played.stop();
  CHECK(played.input->ended());
  CHECK(played.endings == 1);
}

TEST_CASE("what the kernel dropped is told once") {
  Played played;
  played.script.drops = 3;
  played.start();
  waitUntil([&] { return played.sink.dropped() == 3; });
  played.script.with([](Script& s) { s.drops = 4; });
  waitUntil([&] { return played.sink.dropped() == 7; });
  played.stop();
  CHECK(played.sink.dropped() == 7);
}

TEST_CASE("stop hands on what is there, waits for blocks that are being filled, and closes the source") {
  Played played;
  played.script.unfinished = {{"held"}, {"back"}};
  played.start();
  waitUntil([&] { return played.sink.idles() > 0; });
  CHECK(played.sink.frames().empty());
  played.script.with([](Script& s) { s.blocks = {{"ready"}}; });
  played.stop();
  CHECK(played.seen() == std::vector<std::string>{"ready", "held", "back"});
  CHECK(played.sink.drained());
  CHECK(played.sink.dropped() == 0);
  CHECK(played.script.refuses);
  CHECK(played.script.closed);
}

TEST_CASE("after its time a stop waits no longer: what the kernel keeps counts as dropped") {
  Played played;
  played.script.finishes = false;
  played.script.unfinished = {{"never", "ever"}, {"handed over"}};
  played.start();
  SUBCASE("at once") { played.stop(0); }
  SUBCASE("a second call cuts the first one short") {
    played.input->stop(kLongMs);
    waitUntil([&] { return played.sink.drained(); });
    CHECK_FALSE(played.input->ended());
    played.stop(0);
  }
  CHECK(played.sink.frames().empty());
  CHECK(played.sink.dropped() == 3);
}

TEST_CASE("a second stop does not lengthen the first") {
  Played played;
  played.script.finishes = false;
  played.script.unfinished = {{"never"}};
  played.start();
  played.input->stop(0);
  played.stop(kLongMs);
  CHECK(played.sink.dropped() == 1);
}

TEST_CASE("a link that is down is waited for") {
  Played played;
  played.script.link = LinkState::down;
  played.start();
  waitUntil([&] { return played.input->link() == LinkState::down; });
  played.script.with([](Script& s) { s.link = LinkState::up; });
  waitUntil([&] { return played.input->link() == LinkState::up; });
  CHECK(played.script.reopened == 0);
  played.stop();
}

TEST_CASE("an interface that is gone is looked for until it is back") {
  Played played;
  played.script.link = LinkState::gone;
  played.start();
  waitUntil([&] {
    int tries = 0;
    played.script.with([&](Script& s) { tries = s.reopened; });
    return tries >= 2;
  });
  CHECK(played.input->link() == LinkState::gone);
  played.script.with([](Script& s) { s.comesBack = true; });
  waitUntil([&] { return played.input->link() == LinkState::up; });
  played.stop();
}

TEST_CASE("frames that came before the interface went are not thrown away with it") {
  Played played;
  played.script.link = LinkState::gone;
  played.script.comesBack = true;
  played.script.unfinished = {{"late"}};
  played.start();
  waitUntil([&] { return played.input->link() == LinkState::gone; });
  const uint64_t idles = played.sink.idles();
  waitUntil([&] { return played.sink.idles() > idles + 1; });
  CHECK(played.script.reopened == 0);
  played.script.with([](Script& s) { s.blocks.swap(s.unfinished); });
  waitUntil([&] { return played.input->link() == LinkState::up; });
  CHECK(played.seen() == std::vector<std::string>{"late"});
  played.stop();
}

TEST_CASE("an input that is let go ends by itself") {
  Played played;
  played.start();
  played.input.reset();
  CHECK(played.endings == 1);
  CHECK(played.script.closed);
}
