// IPIP sockets between two networks of the test's own: packets are sent by a packet socket at the other end
// of a cable, so that each octet of the outer header is the test's.
#include <doctest/doctest.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/os_error.h"
#include "capture/ipip_socket.h"
#include "capture/raw_input.h"
#include "network.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr uint32_t kLongMs = 60'000;
constexpr uint8_t kIpip = 4;
constexpr uint8_t kSixInFour = 41;
const std::string kOurs = octets("\x0a\x09\x00\x01");
const std::string kOurOther = octets("\x0a\x09\x00\x02");
const std::string kNoOptions;
const std::string kOptions = octets("\x01\x01\x01\x01\x01\x01\x01\x00");

std::string withChecksum(std::string header) {
  uint32_t sum = 0;
  for (size_t at = 0; at + 1 < header.size(); at += 2)
    sum += uint32_t(uint8_t(header[at]) << 8 | uint8_t(header[at + 1]));
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return header.replace(10, 2, u16(~sum & 0xffff));
}

// From 10.9.0.99. The kernel takes in what has the right checksum and nothing else.
std::string outer(const std::string& inner, uint8_t protocol, const std::string& to = kOurs,
                  const std::string& options = kNoOptions, uint16_t fragment = 0) {
  const size_t header = 20 + options.size();
  return withChecksum(std::string(1, char(0x40 | header / 4)) + '\0' + u16(header + inner.size()) + u16(7) +
                      u16(fragment) + '\x40' + char(protocol) + u16(0) + octets("\x0a\x09\x00\x63") + to +
                      options) +
         inner;
}

std::string inner4(const std::string& payload) { return ipv4(udp(payload)); }
std::string inner6(const std::string& payload) { return ipv6(udp(payload)); }

// Two cables; on the near ends the host is 10.9.0.1 and 10.9.0.2.
class Host {
 public:
  Host() {
    if (!network_) return;
    addCable();
    run("ip link add near2 type veth peer name far2 && ip link set near2 up && ip link set far2 up");
    run("ip addr add 10.9.0.1/24 dev near && ip addr add 10.9.0.2/24 dev near");
    // nobody answers for the sender's address
    run("ip neigh add 10.9.0.99 lladdr 02:00:00:00:00:99 dev near");
    far_.emplace("far");
    nearOctets_ = macOf("near");
    near2Octets_ = macOf("near2");
  }
  explicit operator bool() const { return bool(network_); }

  void send(const std::string& packet) const { far_->send(toMac(nearOctets_, packet)); }
  void sendToSecond(const std::string& packet) const {
    FrameSender("far2").send(toMac(near2Octets_, packet));
  }

 private:
  static std::string macOf(const char* name) {
    ifreq request{};
    std::snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    REQUIRE(::ioctl(fd.get(), SIOCGIFHWADDR, &request) == 0);
    return std::string(request.ifr_hwaddr.sa_data, 6);
  }
  static std::string toMac(const std::string& mac, const std::string& packet) {
    return mac + ethernet(packet).substr(6);
  }

  Network network_;
  std::optional<FrameSender> far_;
  std::string nearOctets_;
  std::string near2Octets_;
};

IpipOptions options() {
  IpipOptions options;
  options.rcvbufBytes = 1 << 20;
  return options;
}

// Reads until frames of this count are there.
void readUntil(IpipSocket& socket, KeepingSink& sink, size_t frames) {
  waitUntil([&] {
    while (socket.read(sink) > 0) {
    }
    return sink.frames().size() >= frames;
  });
}

std::set<std::string> packets(const KeepingSink& sink) {
  std::set<std::string> all;
  for (const KeptFrame& frame : sink.frames()) all.insert(frame.octets);
  return all;
}

OsError errorOf(const IpipOptions& options) {
  try {
    IpipSocket::open(options);
  } catch (const OsError& error) {
    return error;
  }
  return OsError("nothing", 0);
}

int64_t nowNs() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

TEST_CASE("IPv4 and IPv6 inside of IPv4 are received once, from the outer header on, options included") {
  const Host host;
  if (!host) return;
  auto socket = IpipSocket::open(options());
  CHECK(socket->rcvbufBytes() >= 1 << 20);
  CHECK(socket->link() == LinkState::up);
  const std::string sent[] = {outer(inner4("four"), kIpip), outer(inner6("six"), kSixInFour),
                              outer(inner4("four, options"), kIpip, kOurs, kOptions),
                              outer(inner6("six, options"), kSixInFour, kOurs, kOptions)};
  const int64_t before = nowNs();
  for (const std::string& packet : sent) host.send(packet);
  KeepingSink sink;
  readUntil(*socket, sink, 4);
  CHECK(packets(sink) == std::set<std::string>(std::begin(sent), std::end(sent)));
  CHECK(sink.frames().size() == 4);
  for (const KeptFrame& frame : sink.frames()) {
    CHECK(frame.linkType == 101);
    CHECK(frame.originalLength == frame.octets.size());
    CHECK(frame.timeNs >= before);
    CHECK(frame.timeNs <= nowNs());
  }
}

TEST_CASE("fragments of the outer packet are put together by the kernel") {
  const Host host;
  if (!host) return;
  auto socket = IpipSocket::open(options());
  const std::string inner = inner4(std::string(1600, 'x'));
  host.send(outer(inner.substr(800), kIpip, kOurs, kNoOptions, 100));
  host.send(outer(inner.substr(0, 800), kIpip, kOurs, kNoOptions, 0x2000));
  KeepingSink sink;
  readUntil(*socket, sink, 1);
  REQUIRE(sink.frames().size() == 1);
  CHECK(sink.frames()[0].octets.substr(20) == inner);
}

TEST_CASE("other protocols are not for us") {
  const Host host;
  if (!host) return;
  auto socket = IpipSocket::open(options());
  host.send(outer(udp("plain"), 17));
  host.send(outer(inner4("GRE, badly"), 47));
  host.send(outer(inner4("last"), kIpip));
  KeepingSink sink;
  readUntil(*socket, sink, 1);
  CHECK(packets(sink) == std::set{outer(inner4("last"), kIpip)});
}

TEST_CASE("bound to an address, what goes to another one is not received") {
  const Host host;
  if (!host) return;
  IpipOptions bound = options();
  bound.address = "10.9.0.2";
  auto socket = IpipSocket::open(bound);
  host.send(outer(inner4("not ours"), kIpip));
  host.send(outer(inner6("not ours"), kSixInFour));
  host.send(outer(inner6("ours"), kSixInFour, kOurOther));
  host.send(outer(inner4("ours"), kIpip, kOurOther));
  KeepingSink sink;
  readUntil(*socket, sink, 2);
  CHECK(packets(sink) ==
        std::set{outer(inner4("ours"), kIpip, kOurOther), outer(inner6("ours"), kSixInFour, kOurOther)});
}

TEST_CASE("0.0.0.0 is every address") {
  const Host host;
  if (!host) return;
  IpipOptions bound = options();
  bound.address = "0.0.0.0";
  auto socket = IpipSocket::open(bound);
  host.send(outer(inner4("one"), kIpip));
  host.send(outer(inner4("other"), kIpip, kOurOther));
  KeepingSink sink;
  readUntil(*socket, sink, 2);
  CHECK(sink.frames().size() == 2);
}

TEST_CASE("bound to an interface, what comes by another one is not received") {
  const Host host;
  if (!host) return;
  IpipOptions bound = options();
  bound.interface = "near";
  auto socket = IpipSocket::open(bound);
  auto everywhere = IpipSocket::open(options());
  host.sendToSecond(outer(inner4("by the other cable"), kIpip));
  KeepingSink all;
  readUntil(*everywhere, all, 1);
  host.send(outer(inner4("by ours"), kIpip));
  KeepingSink sink;
  readUntil(*socket, sink, 1);
  CHECK(packets(sink) == std::set{outer(inner4("by ours"), kIpip)});
}

TEST_CASE("the filter runs in the kernel, on raw IP, and what it refuses is no loss") {
  const Host host;
  if (!host) return;
  IpipOptions filtered = options();
  filtered.filter = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 9},  // the protocol of the outer header
                     {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kSixInFour},
                     {BPF_RET | BPF_K, 0, 0, 0x40000},
                     {BPF_RET | BPF_K, 0, 0, 0}};
  auto socket = IpipSocket::open(filtered);
  auto everything = IpipSocket::open(options());
  for (int i = 0; i < 10; i++) host.send(outer(inner4("refused"), kIpip));
  host.send(outer(inner6("wanted"), kSixInFour));
  KeepingSink sink, all;
  readUntil(*everything, all, 11);
  readUntil(*socket, sink, 1);
  CHECK(packets(sink) == std::set{outer(inner6("wanted"), kSixInFour)});
  CHECK(socket->newDrops() == 0);
}

TEST_CASE("nothing arrives that filter, address or interface refuse, whatever comes while sockets open") {
  const Host host;
  if (!host) return;
  std::atomic<bool> done{false};
  std::thread traffic([&] {
    while (!done) {
      host.send(outer(inner4("not ours"), kIpip));
      host.send(outer(inner4("ours"), kIpip, kOurOther));
    }
  });
  size_t wanted = 0, unwanted = 0;
  for (int round = 0; round < 20; round++) {
    IpipOptions bound = options();
    bound.address = "10.9.0.2";
    bound.interface = "near";
    auto socket = IpipSocket::open(bound);
    KeepingSink sink;
    readUntil(*socket, sink, 1);
    for (const std::string& packet : packets(sink)) {
      const bool ours = packet == outer(inner4("ours"), kIpip, kOurOther);
      wanted += ours;
      unwanted += !ours;
    }
  }
  done = true;
  traffic.join();
  CHECK(wanted == 20);
  CHECK(unwanted == 0);
}

TEST_CASE("what the receive buffer had no room for is counted once") {
  const Host host;
  if (!host) return;
  IpipOptions tiny;
  tiny.rcvbufBytes = 4096;
  auto socket = IpipSocket::open(tiny);
  auto roomy = IpipSocket::open(options());
  KeepingSink sink, all;
  for (int i = 0; i < 200; i++) {
    host.send(outer(inner4(std::string(1000, 'x')), kIpip));
    readUntil(*roomy, all, size_t(i + 1));  // each has come before the next one leaves
  }
  const uint64_t dropped = socket->newDrops();
  CHECK(dropped > 0);
  while (socket->read(sink) > 0) {
  }
  CHECK(sink.frames().size() + dropped == 200);
  CHECK(socket->newDrops() == 0);
}

TEST_CASE("an input takes what the sockets hold when it is stopped") {
  const Host host;
  if (!host) return;
  auto socket = IpipSocket::open(options());
  auto witness = IpipSocket::open(options());
  KeepingSink all;
  for (int i = 0; i < 100; i++) host.send(outer(inner4(std::to_string(i)), kIpip));
  for (int i = 0; i < 100; i++) host.send(outer(inner6(std::to_string(i)), kSixInFour));
  readUntil(*witness, all, 200);
  KeepingSink sink;
  RawInput input(std::move(socket), sink, [] {});
  input.stop(kLongMs);
  input.join();
  CHECK(packets(sink) == packets(all));
  CHECK(sink.frames().size() == 200);
  CHECK(sink.dropped() == 0);
}

TEST_CASE("after a stop nothing more is taken in") {
  const Host host;
  if (!host) return;
  auto socket = IpipSocket::open(options());
  auto witness = IpipSocket::open(options());
  KeepingSink sink, all;
  host.send(outer(inner4("before"), kIpip));
  readUntil(*witness, all, 1);
  CHECK(socket->pending() == 1);
  socket->refuseMore();
  host.send(outer(inner4("after"), kIpip));
  readUntil(*witness, all, 2);
  readUntil(*socket, sink, 1);
  CHECK(packets(sink) == std::set{outer(inner4("before"), kIpip)});
  CHECK(socket->pending() == 0);
}

TEST_CASE("an interface that goes down or is removed is waited for") {
  const Host host;
  if (!host) return;
  IpipOptions bound = options();
  bound.interface = "near2";
  KeepingSink sink;
  RawInput input(IpipSocket::open(bound), sink, [] {});
  run("ip link set near2 down");
  waitUntil([&] { return input.link() == LinkState::down; });
  run("ip link set near2 up");
  waitUntil([&] { return input.link() == LinkState::up; });
  run("ip link del near2");
  waitUntil([&] { return input.link() == LinkState::gone; });
  run("ip link add near2 type veth peer name far2 && ip link set near2 up && ip link set far2 up");
  waitUntil([&] { return input.link() == LinkState::up; });
  run("ip link set near2 address 02:00:00:00:00:02");
  waitUntil([&] {
    FrameSender("far2").offer(ethernet(outer(inner4("back"), kIpip)));
    return !sink.frames().empty();
  });
  input.stop(kLongMs);
  input.join();
  CHECK(packets(sink) == std::set{outer(inner4("back"), kIpip)});
}

TEST_CASE("what cannot be bound to is refused with its cure") {
  const Host host;
  if (!host) return;
  IpipOptions bad = options();
  bad.address = "192.0.2.77";
  CHECK(errorOf(bad).code == EADDRNOTAVAIL);
  CHECK(errorOf(bad).cure.find("ip address") != std::string::npos);
  bad.address = "::1";
  CHECK(errorOf(bad).code == EINVAL);
  CHECK(errorOf(bad).cure.find("IPv4") != std::string::npos);
  bad = options();
  bad.interface = "nosuch0";
  CHECK(errorOf(bad).code == ENODEV);
  CHECK(errorOf(bad).cure.find("near2") != std::string::npos);
  bad.interface = "nea";  // a part of a name is not a name
  CHECK(errorOf(bad).code == ENODEV);
  CHECK(errorOf(options()).code == 0);
}
