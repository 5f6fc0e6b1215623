// Packet rings on real interfaces, in a network of the test's own.
//
// Where a test counts frames to the last one it captures on the interface that sends them: those are tapped
// within the call to send(2), and no queue in between can lose any.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "capture/interface.h"
#include "capture/packet_ring.h"
#include "capture/raw_input.h"
#include "network.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr size_t kSmallRing = 4 << 20;
constexpr int kBlockMs = 1000;  // longer than the kernel keeps a block
constexpr uint32_t kLongMs = 60'000;

RingOptions onInterface(const char* name) {
  RingOptions options;
  options.interfaceIndex = indexOf(name);
  options.ringBytes = kSmallRing;
  options.promiscuous = false;
  return options;
}

// Everything that was captured so far: no more comes in, and what is in the ring comes out.
void readAll(PacketRing& ring, FrameSink& sink) {
  ring.refuseMore();
  waitUntil([&] {
    while (RingBlock block = ring.nextBlock(0)) {
      for (Frame frame; block.next(frame);) sink.frame(frame);
    }
    return ring.pending() == 0;
  });
}

std::string shown(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  char chunk[256];
  for (size_t count; (count = ::fread(chunk, 1, sizeof chunk, pipe)) > 0;) text.append(chunk, count);
  ::pclose(pipe);
  return text;
}

int promiscuity(const std::string& interface) {
  const std::string text = shown("ip -d -o link show " + interface);
  const size_t at = text.find("promiscuity ");
  REQUIRE(at != std::string::npos);
  return std::atoi(text.c_str() + at + 12);
}

// Accepts numbered frames with this letter after the number.
Program onlyLetter(char letter) {
  return {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 18},
          {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, uint8_t(letter)},
          {BPF_RET | BPF_K, 0, 0, 0x40000},
          {BPF_RET | BPF_K, 0, 0, 0}};
}

Program rejectEverything() { return {{BPF_RET | BPF_K, 0, 0, 0}}; }

std::string flow(uint16_t sourcePort, uint32_t number) {
  const std::string payload = u32(number);
  return ethernet(ipv4(u16(sourcePort) + u16(5060) + u16(8 + payload.size()) + u16(0) + payload));
}

// UDP over the loopback interface, to a socket, so that no ICMP error quotes it.
class LoopbackSender {
 public:
  LoopbackSender() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    to_.sin_family = AF_INET;
    to_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof to_;
    REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&to_), size) == 0);
    REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&to_), &size) == 0);
  }
  void send(const std::string& payload) const {
    REQUIRE(::sendto(fd_.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&to_),
                     sizeof to_) == ssize_t(payload.size()));
  }

 private:
  Fd fd_;
  sockaddr_in to_{};
};

size_t countContaining(const std::vector<KeptFrame>& frames, const std::string& text) {
  return size_t(std::count_if(frames.begin(), frames.end(), [&](const KeptFrame& frame) {
    return frame.octets.find(text) != std::string::npos;
  }));
}

int64_t nowNs() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// An interface without Ethernet header; what is written to it, the host receives.
Fd addTun() {
  Fd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!fd) return fd;
  ifreq request{};
  std::memcpy(request.ifr_name, "tun0", 5);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) return {};
  run("ip link set tun0 up");
  return fd;
}

}  // namespace

TEST_CASE("what one end of a cable sends, a ring on the other receives once, whole and in order") {
  const Network network;
  if (!network) return;
  addCable();
  auto ring = PacketRing::open(onInterface("near"));
  CHECK(ring->ringBytes() == kSmallRing);
  KeepingSink sink;
  const FrameSender sender("far");
  const int64_t before = nowNs();
  for (uint32_t number = 0; number < 500; number++) {
    sender.send(numbered(number, 100 + number));
    // the queue between the ends of a cable is short: never more in it than it takes
    if (number % 100 == 99) waitUntil([&] { return ring->pending() > number; });
  }
  readAll(*ring, sink);
  CHECK(sink.numbers() == countTo(500));
  for (const KeptFrame& frame : sink.frames()) {
    if (!frame.isNumbered()) continue;
    CHECK(frame.octets == numbered(frame.number(), 100 + frame.number()));
    CHECK(frame.originalLength == frame.octets.size());
    CHECK(frame.linkType == 1);
    CHECK(frame.timeNs >= before);
    CHECK(frame.timeNs <= nowNs());
  }
}

TEST_CASE("frames that this end sends are captured too") {
  const Network network;
  if (!network) return;
  addCable();
  auto ring = PacketRing::open(onInterface("near"));
  KeepingSink sink;
  const FrameSender sender("near");
  for (uint32_t number = 0; number < 100; number++) sender.send(numbered(number));
  readAll(*ring, sink);
  CHECK(sink.numbers() == countTo(100));
}

TEST_CASE("a block comes by itself, and its memory is the kernel's again when the lease ends") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.ringBytes = 1;  // as few blocks as there can be
  auto ring = PacketRing::open(options);
  const FrameSender sender("near");
  std::vector<uint32_t> seen;
  // far more octets than the ring has
  for (uint32_t number = 0; number < 400;) {
    for (uint32_t end = number + 40; number < end; number++) sender.send(numbered(number, 1400));
    while (seen.size() < number) {
      RingBlock block = ring->nextBlock(kBlockMs);
      for (Frame frame; block && block.next(frame);) {
        if (keep(frame).isNumbered()) seen.push_back(keep(frame).number());
      }
      REQUIRE(ring->newDrops() == 0);
    }
  }
  CHECK(seen == countTo(400));
  CHECK(ring->ringBytes() < 400 * 1400);
}

TEST_CASE("several blocks can be leased at once, and given back in any order") {
  const Network network;
  if (!network) return;
  addCable();
  auto ring = PacketRing::open(onInterface("near"));
  const FrameSender sender("near");
  sender.send(numbered(0));
  RingBlock first, second;
  waitUntil([&] { return bool(first = ring->nextBlock(kBlockMs)); });
  sender.send(numbered(1));
  waitUntil([&] { return bool(second = ring->nextBlock(kBlockMs)); });
  Frame early, late;
  REQUIRE(second.next(late));
  REQUIRE(first.next(early));
  second = RingBlock();
  CHECK(keep(early).number() == 0);
  CHECK_FALSE(first.next(early));
}

TEST_CASE("the snap length cuts frames, and their own length is told") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.snapLength = 64;
  SUBCASE("without a filter") {}
  SUBCASE("with one that keeps more") { options.filter = onlyLetter('a'); }
  auto ring = PacketRing::open(options);
  KeepingSink sink;
  FrameSender("near").send(numbered(0, 1000));
  readAll(*ring, sink);
  REQUIRE(sink.numbers() == countTo(1));
  CHECK(sink.frames().back().octets.size() == 64);
  CHECK(sink.frames().back().originalLength == 1014);
}

TEST_CASE("the filter runs in the kernel") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.filter = onlyLetter('b');
  auto ring = PacketRing::open(options);
  KeepingSink sink;
  const FrameSender sender("near");
  for (uint32_t number = 0; number < 52; number++) sender.send(numbered(number));
  CHECK(ring->pending() == 2);
  readAll(*ring, sink);
  CHECK(sink.numbers() == std::vector<uint32_t>{1, 27});
  CHECK(sink.frames().size() == 2);
  CHECK(ring->newDrops() == 0);
}

TEST_CASE("a filter that the kernel does not take is refused") {
  const Network network;
  if (!network) return;
  RingOptions options = onInterface("lo");
  options.filter = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 0}};  // no return
  CHECK_THROWS_AS(PacketRing::open(options), OsError);
  options.filter = Program(kMaxInstructions + 1, {BPF_RET | BPF_K, 0, 0, 0});
  CHECK_THROWS_AS(PacketRing::open(options), OsError);
}

TEST_CASE("nothing arrives that the filter refuses, whatever comes while rings open") {
  const Network network;
  if (!network) return;
  addCable();
  std::atomic<bool> done{false};
  std::thread traffic([&] {
    const FrameSender sender("near");
    for (uint32_t number = 0; !done; number++) sender.send(numbered(number % 52));
  });
  bool passed = false;
  size_t refused = 0;
  for (int round = 0; round < 12; round++) {
    RingOptions options = onInterface("near");
    options.filter = onlyLetter('b');
    if (round % 2) options.fanoutGroup = kNewFanout;
    if (round % 3 == 0) options.interfaceIndex = kEveryInterface, options.rawFilter = rejectEverything();
    auto ring = PacketRing::open(options);
    KeepingSink sink;
    waitUntil([&] { return ring->pending() > 0; });
    readAll(*ring, sink);
    for (const KeptFrame& frame : sink.frames()) {
      const bool wanted = frame.isNumbered() && frame.octets[18] == 'b';
      passed |= wanted;
      refused += !wanted;
    }
  }
  done = true;
  traffic.join();
  CHECK(passed);
  CHECK(refused == 0);
}

TEST_CASE("an interface is promiscuous for as long as a ring wants it, and no longer") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  SUBCASE("unwanted") {
    auto ring = PacketRing::open(options);
    CHECK(promiscuity("near") == 0);
  }
  SUBCASE("wanted by two") {
    options.promiscuous = true;
    auto one = PacketRing::open(options);
    CHECK(promiscuity("near") == 1);
    auto other = PacketRing::open(options);
    CHECK(promiscuity("near") == 2);
    one.reset();
    CHECK(promiscuity("near") == 1);
  }
  SUBCASE("somebody else's wish stays") {
    run("ip link set near promisc on");
    options.promiscuous = true;
    CHECK(PacketRing::open(options)->link() == LinkState::up);
    CHECK(promiscuity("near") == 1);
    run("ip link set near promisc off");
  }
  SUBCASE("every interface") {
    options.promiscuous = true;
    options.interfaceIndex = kEveryInterface;
    auto ring = PacketRing::open(options);
    CHECK(promiscuity("near") == 1);
    CHECK(promiscuity("far") == 1);
    CHECK(promiscuity("lo") == 0);
  }
  CHECK(promiscuity("near") == 0);
  CHECK(promiscuity("far") == 0);
}

TEST_CASE("frames of the loopback interface are seen once") {
  const Network network;
  if (!network) return;
  RingOptions options = onInterface("lo");
  SUBCASE("by its name") {}
  SUBCASE("with every interface") { options.interfaceIndex = kEveryInterface; }
  SUBCASE("in a fan-out group") { options.fanoutGroup = kNewFanout; }
  auto ring = PacketRing::open(options);
  KeepingSink sink;
  const LoopbackSender sender;
  for (char letter = 'a'; letter <= 'z'; letter++) sender.send(std::string("only once ") + letter);
  waitUntil([&] {
    ring->read(sink);
    return countContaining(sink.frames(), "only once z") > 0;
  });
  readAll(*ring, sink);
  for (char letter = 'a'; letter <= 'z'; letter++) {
    CHECK(countContaining(sink.frames(), std::string("only once ") + letter) == 1);
  }
  CHECK(sink.frames().back().linkType == 1);
}

TEST_CASE("an interface without Ethernet header gives raw IP, alone and among others") {
  const Network network;
  if (!network) return;
  const Fd tun = addTun();
  if (!tun) {
    MESSAGE("skipped: no /dev/net/tun");
    return;
  }
  RingOptions options = onInterface("tun0");
  const std::string packet = ipv4(udp("through the tunnel"));
  size_t wanted = 1;
  SUBCASE("alone") { CHECK(interfaceNamed("tun0").linkType() == 101); }
  SUBCASE("among others") { options.interfaceIndex = kEveryInterface; }
  SUBCASE("where the filter for raw IP refuses it") {
    options.interfaceIndex = kEveryInterface;
    options.rawFilter = rejectEverything();
    wanted = 0;
  }
  SUBCASE("where the filter for Ethernet would refuse it") {
    options.interfaceIndex = kEveryInterface;
    options.filter = rejectEverything();
  }
  auto ring = PacketRing::open(options);
  REQUIRE(::write(tun.get(), packet.data(), packet.size()) == ssize_t(packet.size()));
  KeepingSink sink;
  if (wanted > 0) waitUntil([&] { return ring->pending() > 0; });
  readAll(*ring, sink);
  REQUIRE(sink.frames().size() == wanted);
  if (wanted == 0) return;
  CHECK(sink.frames()[0].linkType == 101);
  CHECK(sink.frames()[0].octets == packet);
  CHECK(sink.frames()[0].originalLength == packet.size());
}

TEST_CASE("with every interface, each frame has the link type of its own") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.interfaceIndex = kEveryInterface;
  options.filter = onlyLetter('b');
  options.rawFilter = rejectEverything();
  auto ring = PacketRing::open(options);
  KeepingSink sink;
  const FrameSender sender("near");
  for (uint32_t number = 0; number < 26; number++) sender.send(numbered(number));
  waitUntil([&] { return ring->pending() >= 2; });  // one leaves, and arrives at the other end
  readAll(*ring, sink);
  CHECK(sink.numbers() == std::vector<uint32_t>{1, 1});
  CHECK(sink.frames()[0].linkType == 1);
  CHECK(ring->link() == LinkState::up);
}

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

TEST_CASE("frames that the ring has no room for are counted, and what it held stays whole") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.ringBytes = 1;
  auto ring = PacketRing::open(options);
  const FrameSender sender("near");
  constexpr uint32_t kFrames = 1000;
  for (uint32_t number = 0; number < kFrames; number++) sender.send(numbered(number, 1400));
  KeepingSink sink;
  readAll(*ring, sink);
  const uint64_t drops = ring->newDrops();
  CHECK(drops > 0);
  CHECK(sink.numbers().size() + drops == kFrames);
  CHECK(sink.numbers() == countTo(uint32_t(sink.numbers().size())));
  CHECK(ring->newDrops() == 0);
}

TEST_CASE("an input takes what the ring holds when it is stopped, and leaves the interface alone") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.promiscuous = true;
  auto ring = PacketRing::open(options);
  const FrameSender sender("near");
  for (uint32_t number = 0; number < 300; number++) sender.send(numbered(number));
  KeepingSink sink;
  RawInput input(std::move(ring), sink, [] {});
  input.stop(kLongMs);
  input.join();
  CHECK(sink.numbers() == countTo(300));
  CHECK(sink.dropped() == 0);
  CHECK(promiscuity("near") == 0);
}

TEST_CASE("an input counts what the kernel dropped") {
  const Network network;
  if (!network) return;
  addCable();
  RingOptions options = onInterface("near");
  options.ringBytes = 1;
  auto ring = PacketRing::open(options);
  const FrameSender sender("near");
  for (uint32_t number = 0; number < 1000; number++) sender.send(numbered(number, 1400));
  KeepingSink sink;
  RawInput input(std::move(ring), sink, [] {});
  input.stop(kLongMs);
  input.join();
  CHECK(sink.dropped() > 0);
  CHECK(sink.numbers().size() + sink.dropped() == 1000);
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

TEST_CASE("a ring opens on an interface that is still down") {
  const Network network;
  if (!network) return;
  run("ip link add near type veth peer name far");
  auto ring = PacketRing::open(onInterface("near"));
  CHECK(ring->link() == LinkState::down);
  run("ip link set near up");
  run("ip link set far up");
  CHECK(ring->link() == LinkState::up);
  KeepingSink sink;
  FrameSender("near").send(numbered(0));
  readAll(*ring, sink);
  CHECK(sink.numbers() == countTo(1));
}

TEST_CASE("interfaces are listed as they are") {
  const Network network;
  if (!network) return;
  addCable();
  run("ip link set far down");
  const auto byName = [](const std::string& name) { return interfaceNamed(name); };
  const std::vector<Interface> all = interfaces();
  CHECK(all.size() >= 3);
  CHECK(std::is_sorted(all.begin(), all.end(), [](auto& a, auto& b) { return a.index < b.index; }));
  CHECK(byName("lo").loopback);
  CHECK(byName("lo").linkType() == 1);
  CHECK(byName("near").index == indexOf("near"));
  CHECK(byName("near").up);
  CHECK_FALSE(byName("near").loopback);
  CHECK_FALSE(byName("far").up);
  CHECK(interfaceName(indexOf("far")) == "far");
  CHECK(interfaceName(12345) == "");
  CHECK(isUp(indexOf("near")));
  CHECK_FALSE(isUp(indexOf("far")));
  CHECK_FALSE(isUp(12345));
}

TEST_CASE("an unknown interface is refused, and those that exist are named") {
  for (const std::string name : {"nosuch0", "", "a name that is far too long for an interface"}) {
    try {
      interfaceNamed(name);
      FAIL("accepted");
    } catch (const OsError& error) {
      CHECK(error.code == ENODEV);
      CHECK(error.cure.find("lo") != std::string::npos);
    }
  }
  RingOptions options;
  options.interfaceIndex = 12345;
  CHECK_THROWS_AS(PacketRing::open(options), OsError);
}

TEST_CASE("a ring that is too large is refused with its cure") {
  const Network network;
  if (!network) return;
  RingOptions options = onInterface("lo");
  for (const size_t bytes : {size_t(1) << 42, size_t(1) << 50}) {
    options.ringBytes = bytes;
    try {
      PacketRing::open(options);
      FAIL("accepted");
    } catch (const OsError& error) {
      CHECK(error.code == ENOMEM);
      CHECK(error.cure.find("--ring-size") != std::string::npos);
    }
  }
}

TEST_CASE("without CAP_NET_RAW there is no ring, and the error says what to do") {
  OsError seen("nothing", 0);
  // capabilities are a thread's own
  std::thread([&] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2]{};
    ::syscall(SYS_capset, &header, none);
    try {
      RingOptions options;
      PacketRing::open(options);
    } catch (const OsError& error) {
      seen = error;
    }
  }).join();
  CHECK(seen.code == EPERM);
  CHECK(seen.cure.find("CAP_NET_RAW") != std::string::npos);
}
