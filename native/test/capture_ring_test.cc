// What a packet ring captures, on real interfaces in a network of the test's own.
//
// Where a test counts frames to the last one it captures on the interface that sends them: those are tapped
// within the call to send(2), and no queue in between can lose any.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "capture/interface.h"
#include "capture/raw_input.h"
#include "rings.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

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
