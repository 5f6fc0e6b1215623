// Datagrams in, counts out: what a socket was given is in the end accepted or dropped by name, to the last
// one.
//
// Nothing here waits for a time to pass: a socket is filled before its thread exists, or while the thread is
// held by its intake's lock, and conditions are waited for.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <optional>
#include <set>

#include "capture/udp_input.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr uint32_t kLongMs = 60'000;

int64_t nowUs() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

template <typename Condition>
void waitFor(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Address v4(const char* text) {
  in_addr octets;
  REQUIRE(::inet_pton(AF_INET, text, &octets) == 1);
  return Address::ipv4(reinterpret_cast<const uint8_t*>(&octets));
}

Address v6(const char* text) {
  in6_addr octets;
  REQUIRE(::inet_pton(AF_INET6, text, &octets) == 1);
  return Address::ipv6(octets.s6_addr);
}

// A connected socket of the loopback interface.
class Sender {
 public:
  explicit Sender(uint16_t port, int family = AF_INET) : fd_(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!fd_) return;
    const int roomy = 4 << 20;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &roomy, sizeof roomy);
    sockaddr_in to4{};
    to4.sin_family = AF_INET;
    to4.sin_port = htons(port);
    to4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 to6{};
    to6.sin6_family = AF_INET6;
    to6.sin6_port = htons(port);
    to6.sin6_addr = in6addr_loopback;
    const bool six = family == AF_INET6;
    const auto* to = six ? reinterpret_cast<sockaddr*>(&to6) : reinterpret_cast<sockaddr*>(&to4);
    connected_ = ::connect(fd_.get(), to, six ? sizeof to6 : sizeof to4) == 0;
  }

  // False on a host without this family.
  bool works() const { return connected_; }
  void send(std::string_view packet, int times = 1) const {
    for (int i = 0; i < times; i++) {
      REQUIRE(::send(fd_.get(), packet.data(), packet.size(), 0) == ssize_t(packet.size()));
    }
  }
  // Whether or not anybody listens.
  void offer(std::string_view packet) const {
    [[maybe_unused]] const ssize_t sent = ::send(fd_.get(), packet.data(), packet.size(), 0);
  }
  uint16_t port() const {
    sockaddr_in6 name{};
    socklen_t size = sizeof name;
    REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
    return ntohs(name.sin6_port);  // at the same place in sockaddr_in
  }

 private:
  Fd fd_;
  bool connected_ = false;
};

// The kernel begins to stamp datagrams a moment after the first socket of the host wants stamps; until then
// it gives the time of reading. Holds stamps on for as long as it lives.
class Stamps {
 public:
  Stamps() : socket_(UdpSocket::open({"127.0.0.1", 0, 0, false})) {
    const Sender sender(socket_.port);
    waitFor([&] {
      sender.send("?");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const int64_t before = nowUs() - 1000;
      return stampOf(socket_.fd.get()) < before;
    });
  }

 private:
  static int64_t stampOf(int fd) {
    char octet;
    iovec part{&octet, 1};
    alignas(cmsghdr) char control[128];
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    REQUIRE(::recvmsg(fd, &header, MSG_DONTWAIT) == 1);
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
      timespec time;
      std::memcpy(&time, CMSG_DATA(c), sizeof time);
      return int64_t(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000;
    }
    return INT64_MAX;
  }

  UdpSocket socket_;
};

// A socket with its queue; the thread starts with start(), so that the socket can be filled before.
struct Listener {
  std::shared_ptr<SlabPool> pool;
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>([] {});
  UdpSocket socket;
  uint16_t port;
  IntakeLimits limits;
  std::atomic<int> stopped{0};
  std::unique_ptr<UdpInput> input;

  explicit Listener(const UdpOptions& options, size_t slabs = 4, IntakeLimits limits = {1'000'000, kLongMs})
      : pool(SlabPool::create(kSmallestSlab, slabs)),
        socket(UdpSocket::open(options)),
        port(socket.port),
        limits(limits) {}

  void start() {
    auto owned = std::make_unique<Intake>(7, pool, outbox, limits);
    input = std::make_unique<UdpInput>(std::move(socket), std::move(owned), [this] { stopped++; });
  }
  // As when stop() comes first: the thread cannot hand over its first run before it was told to stop.
  void startStopped(uint32_t drainMs) {
    auto owned = std::make_unique<Intake>(7, pool, outbox, limits);
    Intake::Session hold(*owned);
    input = std::make_unique<UdpInput>(std::move(socket), std::move(owned), [this] { stopped++; });
    input->stop(drainMs);
  }
  void stop(uint32_t drainMs = kLongMs) {
    input->stop(drainMs);
    input->join();
  }
  uint64_t dropped(Drop reason) const { return input->counters().dropped[size_t(reason)]; }

  // Every record that was sealed since the last call, in order; the slabs go back.
  std::vector<Record> records() {
    std::vector<Record> all;
    for (const SlabHandle handle : outbox->takeAll()) {
      {
        const SlabPool::Reader slab = SlabPool::read(handle);
        REQUIRE(slab);
        for (uint32_t row = 0; row < slab->rows(); row++) all.push_back(slab->record(row));
      }
      CHECK(pool->release(handle));
    }
    return all;
  }
};

uint64_t sumOf(const std::array<uint64_t, size_t(Drop::count)>& drops) {
  uint64_t sum = 0;
  for (const uint64_t count : drops) sum += count;
  return sum;
}

bool addsUp(const IntakeCounters& counters) {
  return counters.received == counters.accepted + sumOf(counters.dropped);
}

const UdpOptions kLoopback{"127.0.0.1", 0, 8 << 20, false};
const UdpOptions kTinyBuffer{"127.0.0.1", 0, 4096, false};

}  // namespace

TEST_CASE("the wildcard takes datagrams of both families, with sender and time of arrival") {
  Listener listener({"", 0, 1 << 20, false});
  CHECK(listener.port != 0);
  CHECK(listener.socket.rcvbufBytes > 0);
  const Stamps stamps;
  const Sender from4(listener.port);
  const Sender from6(listener.port, AF_INET6);
  const int64_t before = nowUs();
  from4.send(kV3);
  if (from6.works()) from6.send(kV3Ipv6);
  const int64_t after = nowUs();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // a stamp made at reading would be too late
  listener.start();
  listener.stop();

  const auto records = listener.records();
  REQUIRE(records.size() == (from6.works() ? 2 : 1));
  const auto senderOf = [](const Record& record) {
    return record.senderFamily == 2 ? Address::ipv4(record.sender) : Address::ipv6(record.sender);
  };
  CHECK(senderOf(records[0]) == v4("127.0.0.1"));
  CHECK(records[0].senderPort == from4.port());
  if (from6.works()) {
    CHECK(senderOf(records[1]) == v6("::1"));
    CHECK(records[1].senderPort == from6.port());
  }
  for (const Record& record : records) {
    CHECK(record.arrivalUs >= before);
    CHECK(record.arrivalUs <= after);
  }
}

TEST_CASE("an IPv6 socket names its sender, and is not reached over IPv4") {
  std::optional<Listener> listener;
  try {
    listener.emplace(UdpOptions{"::1", 0, 1 << 20, false});
  } catch (const OsError&) {
    MESSAGE("no IPv6 on this host");
    return;
  }
  Sender(listener->port).send(kV3);
  const Sender sender(listener->port, AF_INET6);
  sender.send(kV3Ipv6);
  listener->start();
  listener->stop();
  const auto records = listener->records();
  REQUIRE(records.size() == 1);
  CHECK(Address::ipv6(records[0].sender) == v6("::1"));
  CHECK(records[0].senderPort == sender.port());
}

TEST_CASE("a datagram is seen while the input runs, and wakes it whenever it comes") {
  Listener listener(kLoopback, 4, {1'000'000, 1});
  listener.start();
  const Sender sender(listener.port);
  size_t rows = 0;
  for (uint64_t i = 1; i <= 20; i++) {
    sender.send(kV3);
    waitFor([&] { return (rows += listener.records().size()) == i; });
  }
  listener.stop();
  CHECK(listener.input->counters().received == 20);
  CHECK(listener.input->counters().accepted == 20);
}

TEST_CASE("the smallest and the largest datagram count like any other") {
  Listener listener(kLoopback);
  const Sender sender(listener.port);
  const size_t largest = 65507;
  std::string packet = hep3(chunk(1, u8(2)) + chunk(15, std::string(largest - 6 - 7 - 6, 'x')));
  REQUIRE(packet.size() == largest);
  sender.send("");
  sender.send("H");
  sender.send(packet);
  listener.start();
  listener.stop();
  CHECK(listener.input->counters().received == 3);
  CHECK(sumOf(listener.input->counters().dropped) == 2);
  const auto records = listener.records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].packet.length == largest);
}

TEST_CASE("stop() takes what the socket holds, waits for room and loses nothing") {
  const Stamps stamps;
  Listener listener(kLoopback, 1, {100, kLongMs});  // a queue of 100 rows
  Sender(listener.port).send(kV3, 350);
  listener.startStopped(kLongMs);
  size_t rows = 0;
  waitFor([&] {
    rows += listener.records().size();
    return listener.input->ended();
  });
  listener.input->join();
  rows += listener.records().size();
  CHECK(rows == 350);
  CHECK(listener.input->counters().received == 350);
  CHECK(listener.input->counters().accepted == 350);
  CHECK(listener.stopped == 1);
}

TEST_CASE("after the time to drain, what finds no room is dropped and counted") {
  const Stamps stamps;
  Listener listener(kLoopback, 1, {100, kLongMs});
  Sender(listener.port).send(kV3, 350);
  listener.startStopped(0);
  listener.input->join();
  CHECK(listener.input->counters().received == 350);
  CHECK(listener.input->counters().accepted == 100);
  CHECK(listener.dropped(Drop::queueFull) == 250);
}

TEST_CASE("a second stop() cuts the wait short") {
  const Stamps stamps;
  Listener listener(kLoopback, 1, {100, kLongMs});
  Sender(listener.port).send(kV3, 150);
  listener.startStopped(24 * 3600 * 1000);
  waitFor([&] { return listener.input->counters().accepted == 100; });
  CHECK_FALSE(listener.input->ended());
  listener.stop(0);
  CHECK(listener.input->counters().received == 150);
  CHECK(listener.dropped(Drop::queueFull) == 50);
}

TEST_CASE("an input that nobody stopped ends with its owner") {
  Listener listener(kLoopback);
  listener.start();
  listener.input.reset();
  CHECK(listener.stopped == 1);
}

TEST_CASE("stop() ends under a flood that never does") {
  const Stamps stamps;
  Listener listener(kLoopback, 4, {1000, 1});
  listener.start();
  std::atomic<bool> flooding{true};
  std::thread flood([&flooding, port = listener.port] {
    const Sender sender(port);
    while (flooding) sender.offer(kV3);
  });
  std::thread consumer([&] {
    while (!listener.input->ended()) listener.records();
  });
  waitFor([&] { return listener.input->counters().received > 1000; });
  listener.stop();
  CHECK(flooding);
  flooding = false;
  flood.join();
  consumer.join();
  CHECK(addsUp(listener.input->counters()));
}

TEST_CASE("a live input does not wait for room: it drops and counts") {
  Listener listener(kLoopback, 1, {10, kLongMs});
  listener.start();
  Sender(listener.port).send(kV3, 500);
  waitFor([&] { return listener.input->counters().received == 500; });
  CHECK(listener.input->counters().accepted == 10);
  CHECK(listener.dropped(Drop::queueFull) == 490);
  CHECK(listener.records().size() == 10);
  Sender(listener.port).send(kV3);
  waitFor([&] { return listener.input->counters().received == 501; });
  CHECK(listener.input->counters().accepted == 11);
  listener.stop();
}

TEST_CASE("what the kernel drops is counted, to the datagram, when the input ends") {
  const Stamps stamps;
  Listener listener(kTinyBuffer);
  Sender(listener.port).send(kV3, 5000);
  listener.start();
  listener.stop();
  CHECK(listener.input->counters().received == 5000);
  CHECK(listener.dropped(Drop::kernelReceiveBuffer) > 0);
  CHECK(listener.input->counters().accepted > 0);
  CHECK(addsUp(listener.input->counters()));
}

TEST_CASE("what the kernel drops is counted while the input runs, with the next datagram") {
  Listener listener(kTinyBuffer);
  const Sender sender(listener.port);
  sender.send(kV3, 5000);
  listener.start();
  waitFor([&] { return listener.input->counters().accepted > 0; });
  uint64_t sent = 5000;
  const auto allTold = [&] { return listener.input->counters().received == sent; };
  // the socket may still be full: then this one is dropped too, and the next tells it
  for (int tries = 0; !allTold() && tries < 1000; tries++) {
    sender.send(kV3);
    sent++;
    for (int i = 0; !allTold() && i < 100; i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(allTold());
  CHECK(listener.dropped(Drop::kernelReceiveBuffer) == sent - listener.input->counters().accepted);
  listener.stop();
  CHECK(listener.input->counters().received == sent);
}

TEST_CASE("drops of the kernel and of the queue add up to what was sent, under load") {
  const Stamps stamps;
  Listener listener(kTinyBuffer, 2, {50, 1});
  listener.start();
  std::thread consumer([&] {
    while (!listener.input->ended()) listener.records();
  });
  std::vector<std::thread> senders;
  for (int i = 0; i < 3; i++) {
    senders.emplace_back([port = listener.port] { Sender(port).send(kV3, 10'000); });
  }
  for (std::thread& sender : senders) sender.join();
  listener.stop(0);
  consumer.join();
  CHECK(listener.input->counters().received == 30'000);
  CHECK(addsUp(listener.input->counters()));
}

TEST_CASE("several sockets share one port, and each sender is heard by one of them") {
  const Stamps stamps;
  UdpOptions options = kLoopback;
  options.shared = true;
  std::vector<std::unique_ptr<Listener>> listeners;
  for (int i = 0; i < 4; i++) {
    listeners.push_back(std::make_unique<Listener>(options));
    options.port = listeners[0]->port;
  }
  for (int i = 0; i < 64; i++) Sender(options.port).send(kV3, 10);
  uint64_t received = 0;
  std::set<std::pair<size_t, uint16_t>> heard;
  std::set<uint16_t> ports;
  for (size_t i = 0; i < listeners.size(); i++) {
    listeners[i]->start();
    listeners[i]->stop();
    received += listeners[i]->input->counters().accepted;
    for (const Record& record : listeners[i]->records()) {
      heard.emplace(i, record.senderPort);
      ports.insert(record.senderPort);
    }
  }
  CHECK(received == 640);
  CHECK(heard.size() == ports.size());
  std::set<size_t> busy;
  for (const auto& [socket, port] : heard) busy.insert(socket);
  CHECK(busy.size() > 1);
}

TEST_CASE("an input that has ended has given up its port") {
  Listener listener(kLoopback);
  listener.start();
  listener.stop();
  CHECK(UdpSocket::open({"127.0.0.1", listener.port, 0, false}).port == listener.port);
}

TEST_CASE("a socket that cannot be had is an error with its code and a cure") {
  const UdpSocket taken = UdpSocket::open(kLoopback);
  const auto codeOf = [](const UdpOptions& options, bool cured) {
    try {
      UdpSocket::open(options);
    } catch (const OsError& error) {
      CHECK_FALSE(error.syscall.empty());
      CHECK(!error.cure.empty() == cured);
      return error.code;
    }
    return 0;
  };
  CHECK(codeOf({"127.0.0.1", taken.port, 0, false}, true) == EADDRINUSE);
  CHECK(codeOf({"127.0.0.1", taken.port, 0, true}, true) == EADDRINUSE);
  CHECK(codeOf({"192.0.2.1", 0, 0, false}, true) == EADDRNOTAVAIL);
  CHECK(codeOf({"no-address", 0, 0, false}, false) == EINVAL);
}

TEST_CASE("a socket for SIP and HEP tells them apart, and what it held at the end is taken likewise") {
  for (const bool stopped : {false, true}) {
    UdpOptions options = kLoopback;
    options.takes = UdpTakes::sipOrHep;
    Listener listener(options);
    const Sender sender(listener.port);
    for (const std::string& packet : {kOptions, kV1, kV2, kV3, kOptions}) sender.send(packet);
    for (const std::string packet : {"", "\r\n\r\n", "GET / HTTP/1.1\r\n", "HEP3"}) sender.send(packet);
    if (stopped) {
      listener.startStopped(kLongMs);
      listener.input->join();
    } else {
      listener.start();
      listener.stop();
    }
    std::vector<int> versions;
    for (const Record& record : listener.records()) {
      versions.push_back(record.hepVersion);
      if (record.hepVersion > 0) continue;
      CHECK(Address::ipv4(record.source) == v4("127.0.0.1"));
      CHECK(Address::ipv4(record.destination) == v4("127.0.0.1"));
      CHECK(record.sourcePort == sender.port());
      CHECK(record.destinationPort == listener.port);
      CHECK(record.protocol == 17);
    }
    CHECK(versions == std::vector<int>{0, 1, 2, 3, 0});
    CHECK(listener.dropped(Drop::udpKeepAlive) == 2);
    CHECK(listener.dropped(Drop::udpNotSipOrHep) == 1);
    CHECK(listener.dropped(Drop::hepTooShort) == 1);
    CHECK(addsUp(listener.input->counters()));
  }
}

TEST_CASE("on the wildcard each datagram tells where it went") {
  UdpOptions options{"", 0, 1 << 20, false, UdpTakes::sip};
  Listener listener(options);
  const Sender from4(listener.port);
  const Sender from6(listener.port, AF_INET6);
  from4.send(kOptions);
  if (from6.works()) from6.send(kOptions);
  from4.send(kV3);
  listener.start();
  listener.stop();
  const auto records = listener.records();
  REQUIRE(records.size() == (from6.works() ? 2 : 1));
  CHECK(records[0].destinationFamily == 2);
  CHECK(Address::ipv4(records[0].destination) == v4("127.0.0.1"));
  if (from6.works()) {
    CHECK(records[1].destinationFamily == 10);
    CHECK(Address::ipv6(records[1].destination) == v6("::1"));
  }
  CHECK(listener.dropped(Drop::udpHepOff) == 1);
}
