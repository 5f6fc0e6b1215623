// Packet rings that share an interface, and interfaces that go and come.
#include <atomic>
#include <map>

#include "capture/raw_input.h"
#include "rings.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

std::string flow(uint16_t sourcePort, uint32_t number) {
  const std::string payload = u32(number);
  return ethernet(ipv4(u16(sourcePort) + u16(5060) + u16(8 + payload.size()) + u16(0) + payload));
}

}  // namespace

TEST_CASE("two rings of a fan-out group share the frames, each flow in one of them") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.fanoutGroup = kNewFanout;
  auto first = PacketRing::open(options);
  REQUIRE(first->fanoutGroup() >= 0);
  options.fanoutGroup = first->fanoutGroup();
  auto second = PacketRing::open(options);
  CHECK(second->fanoutGroup() == first->fanoutGroup());
  constexpr uint16_t kFlows = 64;
  constexpr uint32_t kFrames = 20;
  const FrameSender sender("near");
  for (uint32_t number = 0; number < kFlows * kFrames; number++) {
    sender.send(flow(uint16_t(10000 + number % kFlows), number));
  }
  KeepingSink sinks[2];
  readAll(*first, sinks[0]);
  readAll(*second, sinks[1]);
  std::map<std::string, std::set<int>> ringsOfPort;
  std::multiset<std::string> payloads;
  for (int ring = 0; ring < 2; ring++) {
    for (const KeptFrame& frame : sinks[ring].frames()) {
      ringsOfPort[frame.octets.substr(34, 2)].insert(ring);
      payloads.insert(frame.octets.substr(42));
    }
    CHECK(sinks[ring].frames().size() > 0);
  }
  CHECK(ringsOfPort.size() == kFlows);
  for (const auto& [port, rings] : ringsOfPort) CHECK(rings.size() == 1);
  CHECK(payloads.size() == kFlows * kFrames);
  CHECK(std::set(payloads.begin(), payloads.end()).size() == kFlows * kFrames);
}

TEST_CASE("a ring that joins a fan-out group under traffic is given no frame that another one has") {
  const Network network;
  if (!network) return;
  addCable();
  for (int round = 0; round < 5; round++) {
    RingOptions options = onInterface("near");
    options.fanoutGroup = kNewFanout;
    auto first = PacketRing::open(options);
    options.fanoutGroup = first->fanoutGroup();
    std::atomic<bool> done{false};
    std::thread traffic([&] {
      const FrameSender sender("near");
      for (uint32_t number = 0; !done; number++) sender.send(flow(uint16_t(10000 + number % 64), number));
    });
    auto second = PacketRing::open(options);
    waitUntil([&] { return second->pending() > 0; });
    done = true;
    traffic.join();
    KeepingSink sink;
    readAll(*first, sink);
    readAll(*second, sink);
    std::set<std::string> payloads;
    for (const KeptFrame& frame : sink.frames()) payloads.insert(frame.octets.substr(42));
    CHECK(payloads.size() == sink.frames().size());
  }
}

TEST_CASE("a fan-out group puts IPv4 fragments together, where it should") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.fanoutGroup = kNewFanout;
  size_t wanted = 1;
  SUBCASE("it should") {}
  SUBCASE("it should not") { options.fanoutDefragment = false, wanted = 2; }
  auto ring = PacketRing::open(options);
  const std::string whole = udp(std::string(1600, 'x'));
  const FrameSender sender("near");
  sender.send(ethernet(ipv4(whole.substr(0, 800), 17, 0x2000)));
  sender.send(ethernet(ipv4(whole.substr(800), 17, 100)));
  KeepingSink sink;
  readAll(*ring, sink);
  REQUIRE(sink.frames().size() == wanted);
  if (wanted == 1) CHECK(sink.frames()[0].octets.substr(34) == whole);
}

TEST_CASE("a link that goes down is waited for, and an interface that is removed too") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.promiscuous = true;
  SUBCASE("alone") {}
  SUBCASE("in a fan-out group") { options.fanoutGroup = kNewFanout; }
  KeepingSink sink;
  RawInput input(PacketRing::open(options), sink, [] {});
  uint32_t number = 0;
  const auto captures = [&] {
    const size_t before = sink.numbers().size();
    const FrameSender sender("near");
    waitUntil([&] {
      sender.offer(numbered(number++));
      return sink.numbers().size() > before;
    });
  };
  captures();
  run("ip link set near down");
  waitUntil([&] { return input.link() == LinkState::down; });
  run("ip link set near up");
  waitUntil([&] { return input.link() == LinkState::up; });
  captures();
  run("ip link del near");
  waitUntil([&] { return input.link() == LinkState::gone; });
  addCable();
  waitUntil([&] { return input.link() == LinkState::up; });
  captures();
  CHECK(promiscuity("near") == 1);
  input.stop(kLongMs);
  input.join();
  const std::vector<uint32_t> seen = sink.numbers();
  CHECK(std::set(seen.begin(), seen.end()).size() == seen.size());
}
