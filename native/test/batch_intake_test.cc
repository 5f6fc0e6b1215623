// Packets in, rows and counts out: every packet that is offered ends in exactly one of them.
#include "batch/intake.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include "batch/columns.h"
#include "guarded.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Bench {
  int wakeUps = 0;
  std::shared_ptr<SlabPool> pool;
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>([this] { wakeUps++; });
  Intake intake;

  explicit Bench(size_t slabs = 4, uint32_t maxRows = 100)
      : pool(SlabPool::create(kSmallestSlab, slabs)), intake(7, pool, outbox, {maxRows, 0}) {}

  bool offer(std::string_view packet, bool mayWait = false) {
    const GuardedBytes octets = guarded(packet);
    return Intake::Session(intake).accept(octets.bytes(), {1'600'000'000'000'000, {}, 9}, mayWait);
  }
  // The one slab that holds all that was accepted so far.
  SlabPool::Reader sealed() {
    Intake::Session(intake).flush(true);
    const auto handles = outbox->takeAll();
    REQUIRE(handles.size() == 1);
    return SlabPool::read(handles[0]);
  }
  uint64_t dropped(Drop reason) { return intake.counters().dropped[size_t(reason)]; }
  uint64_t odd(Oddity what) { return intake.counters().odd[size_t(what)]; }
};

std::string textOf(const Slab& slab, uint32_t row, Column column, std::string_view node = "n") {
  RowReader reader(slab, Bytes(node));
  reader.go(row);
  return std::string(reader.text(column).bytes.text());
}

std::string gzip(std::string_view text) {
  std::string out(text.size() + 200, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = uInt(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = uInt(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string report(std::string_view more, std::string_view payload = "{}") {
  return hep3(chunk(1, u8(2)) + chunk(3, kFrom4) + chunk(4, kTo4) + chunk(11, u8(5)) + chunk(15, payload) +
              std::string(more));
}

}  // namespace

TEST_CASE("a packet of each version becomes a record with its numbers and its octets") {
  Bench bench;
  for (const std::string& packet : {kV1, kV2, kV3}) CHECK(bench.offer(packet));
  const auto slab = bench.sealed();
  REQUIRE(slab->rows() == 3);
  CHECK(slab->input() == 7);
  for (uint32_t row = 0; row < 3; row++) {
    const Record& record = slab->record(row);
    CHECK(record.hepVersion == row + 1);
    CHECK(record.sourcePort == 5060);
    CHECK(record.destinationPort == 5080);
    CHECK(record.protocol == 17);
    CHECK(record.sipKind == kSipRequest);
    CHECK((record.flags & kRecordSip) != 0);
    CHECK(record.arrivalUs == 1'600'000'000'000'000);
    CHECK(slab->bytes(record.payload.offset, record.payload.length).text() == kOptions);
    CHECK(textOf(*slab, row, Column::source_ip) == "10.0.0.1");
    CHECK(textOf(*slab, row, Column::ruri) == "sip:a@b");
  }
  CHECK(slab->bytes(slab->record(2).packet.offset, slab->record(2).packet.length).text() == kV3);
}

TEST_CASE("v1 has no time and no agent: it gets its arrival, and the bare node name") {
  Bench bench;
  bench.offer(kV1);
  bench.offer(kV2);
  const auto slab = bench.sealed();
  CHECK(slab->record(0).microTs == 1'600'000'000'000'000);
  CHECK(slab->record(1).microTs == 1'700'000'000'123'456);
  CHECK(textOf(*slab, 0, Column::node, "homer01") == "homer01");
  CHECK(textOf(*slab, 1, Column::node, "homer01") == "homer01:7");
  CHECK(textOf(*slab, 0, Column::date) == "2020-09-13 12:26:40");
  CHECK(textOf(*slab, 1, Column::date) == "2023-11-14 22:13:20");
}

TEST_CASE("what the parser refuses is received and dropped by its name, and makes no row") {
  Bench bench;
  bench.offer("");
  bench.offer("INVITE sip:a@b SIP/2.0\r\n\r\n");
  bench.offer(std::string("HEP3\0\x05xxxxxxxxxxxxxxxxxx", 24));
  bench.offer(hep3(u16(0) + u16(15) + u16(5)));
  CHECK(bench.dropped(Drop::hepTooShort) + bench.dropped(Drop::hepBadMagic) == 2);
  CHECK(bench.dropped(Drop::hepBadLength) == 1);
  CHECK(bench.dropped(Drop::hepBadChunkLength) == 1);
  CHECK(bench.intake.counters().received == 4);
  CHECK(bench.intake.counters().accepted == 0);
}

TEST_CASE("a full queue refuses without counting when the input may wait, and drops when it may not") {
  Bench bench(1, 1);
  CHECK(bench.offer(kV3));  // fills the only slab, which is sealed with its one row
  CHECK_FALSE(bench.offer(kV3, true));
  CHECK(bench.intake.counters().received == 1);
  CHECK(bench.offer(kV3));
  CHECK(bench.dropped(Drop::queueFull) == 1);
  const auto handles = bench.outbox->takeAll();
  REQUIRE(handles.size() == 1);
  CHECK(bench.pool->release(handles[0]));
  CHECK(bench.offer(kV3, true));
  CHECK(bench.intake.counters().received == 3);
  CHECK(bench.intake.counters().accepted == 2);
}

TEST_CASE("many sealed slabs are one wake-up") {
  Bench bench(4, 1);
  for (int i = 0; i < 3; i++) bench.offer(kV3);
  CHECK(bench.wakeUps == 1);
  CHECK(bench.outbox->takeAll().size() == 3);
  bench.offer(kV3);
  CHECK(bench.wakeUps == 2);
}

TEST_CASE("the correlation id: chunk 0x11, else the sip member of chunk 101, else X-CID, else Call-ID") {
  const std::string both = "OPTIONS sip:a@b SIP/2.0\r\nX-CID: other\r\nCall-ID: own\r\n\r\n";
  const std::string own = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: own\r\n\r\n";
  const auto sip = [](const std::string& payload, const std::string& more) {
    return hep3(chunk(1, u8(2)) + chunk(11, u8(1)) + chunk(15, payload) + more);
  };
  Bench bench;
  bench.offer(sip(both, chunk(0x11, "given") + chunk(101, "{\"sip\":\"json\"}")));
  bench.offer(sip(both, chunk(0x11, "") + chunk(101, R"({"proxy":{"sip":"no"},"sip":"a\"b\u00e9"})")));
  bench.offer(sip(both, chunk(101, "{\"rtp\":\"json\"}")));
  bench.offer(sip(own, chunk(0x11, "of another vendor", 3)));
  bench.offer(report(chunk(101, "not json")));
  const auto slab = bench.sealed();
  REQUIRE(slab->rows() == 5);
  CHECK(textOf(*slab, 0, Column::correlation_id) == "given");
  CHECK(textOf(*slab, 1, Column::correlation_id) == "a\"b\xc3\xa9");
  CHECK(textOf(*slab, 2, Column::correlation_id) == "other");
  CHECK(textOf(*slab, 3, Column::correlation_id) == "own");
  CHECK(textOf(*slab, 4, Column::correlation_id) == "");
}

TEST_CASE("what is not SIP is a report; without a type the first line decides") {
  Bench bench;
  bench.offer(report(""));
  bench.offer(hep3(chunk(1, u8(2)) + chunk(15, kOptions)));
  bench.offer(hep3(chunk(1, u8(2)) + chunk(15, "{\"a\":1}")));
  bench.offer(hep3(chunk(1, u8(2)) + chunk(11, u8(1)) + chunk(15, "{\"a\":1}")));
  const auto slab = bench.sealed();
  CHECK((slab->record(0).flags & kRecordSip) == 0);
  CHECK((slab->record(1).flags & kRecordSip) != 0);
  CHECK((slab->record(2).flags & kRecordSip) == 0);
  CHECK((slab->record(3).flags & kRecordSip) != 0);
  CHECK(slab->record(3).sipKind == kSipUnreadable);
  CHECK(bench.odd(Oddity::sipUnreadable) == 1);
}

TEST_CASE("a packet without payload is kept, empty, and counted (heartbeats, correlation events)") {
  Bench bench;
  bench.offer(hep3(chunk(1, u8(2)) + chunk(11, u8(0x60)) + chunk(0x11, "call-1")));
  const auto slab = bench.sealed();
  REQUIRE(slab->rows() == 1);
  CHECK(slab->record(0).payload.length == 0);
  CHECK(textOf(*slab, 0, Column::correlation_id) == "call-1");
  CHECK(bench.odd(Oddity::hepNoPayload) == 1);
}

TEST_CASE("compressed payloads stand inflated behind the packet; broken ones and bombs stay as they came") {
  Bench bench;
  const std::string packed = gzip(kOptions);
  const std::string bomb = gzip(std::string(kInflateBound + 1, 'x'));
  const auto packet = [](const std::string& octets) {
    return hep3(chunk(1, u8(2)) + chunk(11, u8(1)) + chunk(16, octets) + chunk(0x11, "after"));
  };
  bench.offer(packet(packed));
  bench.offer(packet(packed.substr(0, packed.size() - 9)));
  bench.offer(packet(bomb));
  const auto slab = bench.sealed();
  REQUIRE(slab->rows() == 3);
  const auto payload = [&](uint32_t row) {
    return slab->bytes(slab->record(row).payload.offset, slab->record(row).payload.length).text();
  };
  CHECK(payload(0) == kOptions);
  CHECK(slab->record(0).sipKind == kSipRequest);
  CHECK((slab->record(0).flags & kRecordInflated) != 0);
  CHECK(payload(1) == packed.substr(0, packed.size() - 9));
  CHECK(payload(2) == bomb);
  for (uint32_t row = 0; row < 3; row++) CHECK(textOf(*slab, row, Column::correlation_id) == "after");
  CHECK(bench.odd(Oddity::inflateFailed) == 1);
  CHECK(bench.odd(Oddity::inflateTooLarge) == 1);
}

TEST_CASE("a slab takes the largest packets until it is full, and the next ones go to the next slab") {
  Bench bench(8, 1'000'000);
  const std::string payload = "OPTIONS sip:a@b SIP/2.0\r\n\r\n" + std::string(65000, 'x');
  const std::string packet = hep3(chunk(1, u8(2)) + chunk(11, u8(1)) + chunk(15, payload));
  for (int i = 0; i < 100; i++) CHECK(bench.offer(packet));
  Intake::Session(bench.intake).flush(true);
  uint32_t rows = 0;
  for (const SlabHandle handle : bench.outbox->takeAll()) {
    const auto slab = SlabPool::read(handle);
    for (uint32_t row = 0; row < slab->rows(); row++) {
      const Record& record = slab->record(row);
      CHECK(slab->bytes(record.payload.offset, record.payload.length).text() == payload);
    }
    rows += slab->rows();
  }
  CHECK(rows == 100);
  CHECK(bench.dropped(Drop::queueFull) == 0);
}

namespace {

std::string keyed(std::string_view keys) { return report(std::string(keys)); }

struct Guarded : Bench {
  explicit Guarded(SenderPolicy policy) {
    intake.use(std::make_shared<const SenderPolicy>(std::move(policy)));
  }
};

SenderPolicy wantsKey() {
  SenderPolicy policy;
  policy.keys = HepKeys({"secret", "other"});
  return policy;
}

}  // namespace

TEST_CASE(
    "where a key is wanted, it is looked for behind the walk over the chunks and before anything else") {
  Guarded bench(wantsKey());
  bench.offer(keyed(chunk(14, "secret")));
  bench.offer(keyed(chunk(14, "other")));
  for (const std::string& packet : {keyed(""), kV1, kV2}) bench.offer(packet);
  bench.offer(keyed(chunk(14, "secre")));
  bench.offer(keyed(chunk(14, "")));
  bench.offer(keyed(chunk(14, "secret") + std::string(1, 'x')));  // the walk comes first
  CHECK(bench.sealed()->rows() == 2);
  CHECK(bench.dropped(Drop::hepNoKey) == 3);
  CHECK(bench.dropped(Drop::hepBadKey) == 2);
  CHECK(bench.dropped(Drop::hepBadChunkLength) == 1);
  CHECK(bench.intake.counters().received == 8);
}

TEST_CASE("the key that opened is nowhere in what is filed; where none is wanted it stays") {
  for (const bool wanted : {true, false}) {
    CAPTURE(wanted);
    Guarded bench(wanted ? wantsKey() : SenderPolicy{});
    const std::string packet = keyed(chunk(14, "secret") + chunk(12, u32(5)) + chunk(14, "secret"));
    bench.offer(packet);
    const auto slab = bench.sealed();
    REQUIRE(slab->rows() == 1);
    const std::string_view filed = slab->bytes(slab->record(0).packet).text();
    CHECK(filed.size() == packet.size());
    CHECK((filed.find("secret") == std::string_view::npos) == wanted);
    CHECK(slab->record(0).agentId == 5);
    if (!wanted) CHECK(filed == packet);
  }
}

TEST_CASE("who may send is asked before anything is looked at") {
  SenderPolicy policy;
  policy.allowsAll = false;
  policy.allowed = AddressSet({*Network::parse("192.0.2.0/24")});
  policy.limiter = std::make_shared<RateLimiter>(2);
  Guarded bench(policy);
  const uint8_t good[4] = {192, 0, 2, 1}, bad[4] = {192, 0, 3, 1};
  Intake::Session session(bench.intake);
  CHECK(!session.admits({0, Address::ipv4(bad)}, 10));
  for (int i = 0; i < 5; i++) {
    const Arrival arrival{0, Address::ipv4(good)};
    CHECK(session.admits(arrival, 10));
    session.putOff(arrival);
  }
  CHECK(session.admits({0, Address::ipv4(good)}, 10));
}
