// Frames in, rows and counts out: every frame that is offered ends in exactly one of them.
#include "batch/frame_intake.h"

#include <doctest/doctest.h>

#include <numeric>

#include "batch/columns.h"
#include "frames.h"
#include "guarded.h"
#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr int64_t kTimeUs = 1'600'000'000'000'000;

struct Bench {
  std::shared_ptr<SlabPool> pool;
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>([] {});
  Intake intake;
  FrameIntake frames;
  uint64_t offered = 0;

  explicit Bench(FrameIntake::Options options = {}, size_t slabs = 2)
      : pool(SlabPool::create(kSmallestSlab, slabs)),
        intake(7, pool, outbox, {100, 0}),
        frames(intake, options) {}

  void offer(const std::string& octets, int64_t timeNs = kTimeUs * 1000) {
    const GuardedBytes guarded(octets);
    frames.frame({1, timeNs, guarded.bytes(), uint32_t(octets.size())});
    offered++;
  }
  SlabPool::Reader sealed() {
    frames.finish();
    const auto handles = outbox->takeAll();
    REQUIRE(handles.size() == 1);
    return SlabPool::read(handles[0]);
  }
  uint64_t ignored(Ignored reason) { return frames.counters().ignored[size_t(reason)]; }
  uint64_t refused(Refusal refusal) { return frames.counters().refused[size_t(refusal)]; }
  uint64_t counted() {
    const FrameCounters all = frames.counters();
    return all.messages + all.held + std::accumulate(all.refused.begin(), all.refused.end(), uint64_t{0}) +
           std::accumulate(all.ignored.begin(), all.ignored.end(), uint64_t{0});
  }
};

std::string textOf(const Slab& slab, uint32_t row, Column column) {
  RowReader reader(slab, Bytes(std::string_view("node")));
  reader.go(row);
  return std::string(reader.text(column).bytes.text());
}

int64_t numberOf(const Slab& slab, uint32_t row, Column column) {
  RowReader reader(slab, Bytes(std::string_view("node")));
  reader.go(row);
  return reader.integer(column);
}

std::string tcp(uint32_t sequence, const std::string& payload, uint8_t flags = 0x18) {
  return u16(5060) + u16(5080) + u32(sequence) + u32(1) + octets("\x50") + char(flags) + u16(65535) + u16(0) +
         u16(0) + payload;
}

}  // namespace

TEST_CASE("a datagram with SIP becomes a row with the columns of its packet") {
  Bench bench;
  bench.offer(ethernet(ipv4(udp(kInvite))));
  const auto slab = bench.sealed();
  REQUIRE(slab->rows() == 1);
  CHECK(textOf(*slab, 0, Column::method) == "INVITE");
  CHECK(textOf(*slab, 0, Column::source_ip) == "10.0.0.1");
  CHECK(textOf(*slab, 0, Column::destination_ip) == "10.0.0.2");
  CHECK(textOf(*slab, 0, Column::node) == "node");
  CHECK(textOf(*slab, 0, Column::correlation_id) == "leg-1@sbc.example.com");
  CHECK(numberOf(*slab, 0, Column::source_port) == 5060);
  CHECK(numberOf(*slab, 0, Column::destination_port) == 5080);
  CHECK(numberOf(*slab, 0, Column::proto) == 17);
  CHECK(numberOf(*slab, 0, Column::family) == 2);
  CHECK(numberOf(*slab, 0, Column::micro_ts) == kTimeUs);
  CHECK(bench.frames.counters().messages == 1);
  CHECK(bench.intake.counters().received == 1);
}

TEST_CASE("every frame is in one count") {
  Bench bench({.ports = {5070, 5080}});
  bench.offer(ethernet(ipv4(udp(kInvite))));     // 5080 is in the range
  bench.offer(ethernet(ipv4(udp("\r\n\r\n"))));  // a keep-alive
  bench.offer(ethernet(ipv4(udp(""))));
  bench.offer(ethernet("", 0x0806));                         // ARP
  bench.offer(ethernet(ipv4(udp("half of."), 17, 0x2000)));  // a first fragment
  bench.offer(ethernet(ipv4("icmp", 1)));
  Bench other({.ports = {5081, 5090}});
  other.offer(ethernet(ipv4(udp(kInvite))));
  CHECK(bench.frames.counters().messages == 1);
  CHECK(bench.frames.counters().held == 1);
  CHECK(bench.ignored(Ignored::notSip) == 1);
  CHECK(bench.ignored(Ignored::noPayload) == 1);
  CHECK(bench.refused(Refusal::notIp) == 1);
  CHECK(bench.refused(Refusal::notUdpOrTcp) == 1);
  CHECK(bench.counted() == bench.offered);
  CHECK(other.ignored(Ignored::port) == 1);
  CHECK(other.intake.counters().received == 0);
}

TEST_CASE("a message over two segments is one row, and two in a segment are two") {
  Bench bench;
  const std::string half = kInvite.substr(0, 300);
  bench.offer(ethernet(ipv4(tcp(1000, half), 6)));
  bench.offer(ethernet(ipv4(tcp(1300, kInvite.substr(300) + kRinging), 6)));
  const auto slab = bench.sealed();
  REQUIRE(slab->rows() == 2);
  CHECK(slab->bytes(slab->record(0).payload.offset, slab->record(0).payload.length).text() == kInvite);
  CHECK(textOf(*slab, 1, Column::method) == "180");
  CHECK(numberOf(*slab, 0, Column::proto) == 6);
  CHECK(bench.frames.counters().messages == 1);
  CHECK(bench.frames.counters().held == 1);
  CHECK(bench.frames.counters().streams[StreamEvent::messages] == 2);
}

TEST_CASE("a live input drops and counts where a file waits") {
  Bench bench({}, 1);
  const std::string frame = ethernet(ipv4(udp(kInvite)));
  for (int i = 0; i < 100; i++) bench.offer(frame);  // fills the one slab, which nobody releases
  bench.offer(frame);
  CHECK(bench.intake.counters().dropped[size_t(Drop::queueFull)] == 1);
  int asked = 0;
  bench.frames.draining([&] { return ++asked < 3; });
  bench.offer(frame);
  CHECK(asked == 3);
  CHECK(bench.intake.counters().dropped[size_t(Drop::queueFull)] == 2);
  CHECK(bench.intake.counters().received == 102);
  CHECK(bench.counted() == bench.offered);
}

TEST_CASE("what the kernel dropped is received and dropped") {
  Bench bench;
  bench.frames.kernelDropped(5);
  CHECK(bench.intake.counters().received == 5);
  CHECK(bench.intake.counters().dropped[size_t(Drop::kernelRing)] == 5);
}
