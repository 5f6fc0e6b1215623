// How a packet ring opens: what it refuses, what it does to its interface, and that nothing comes early.
#include <linux/capability.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>

#include "capture/interface.h"
#include "rings.h"

using namespace hepcapd;
using namespace hepcapd::test;

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

TEST_CASE("a ring opens on an interface that is still down") {
  const Network network;
  if (!network) return;
  run("ip link add near type veth peer name far");
  auto ring = PacketRing::open(onInterface("near"));
  CHECK(ring->link() == LinkState::down);
  raiseCable();
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
