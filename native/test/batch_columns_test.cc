// A record as a row: clean text of bounded width, whatever was on the wire.
#include "batch/columns.h"

#include <doctest/doctest.h>

#include "batch/intake.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;
using namespace std::string_literals;

namespace {

// The slab of one SIP message that came by HEP v3.
struct OneRow {
  std::shared_ptr<SlabPool> pool = SlabPool::create(kSmallestSlab, 1);
  SlabPool::Reader slab;
  std::unique_ptr<RowReader> reader;

  explicit OneRow(const std::string& headers, const std::string& more = "") {
    const std::string sip = "OPTIONS sip:a@b SIP/2.0\r\n" + headers + "\r\n";
    const std::string packet = hep3(chunk(1, u8(2)) + chunk(11, u8(1)) + chunk(15, sip) + more);
    auto outbox = std::make_shared<Outbox>([] {});
    Intake intake(0, pool, outbox, {});
    Intake::Session(intake).accept(Bytes(packet), {});
    Intake::Session(intake).flush(true);
    slab = SlabPool::read(outbox->takeAll().at(0));
    reader = std::make_unique<RowReader>(*slab, Bytes(std::string_view("node")));
    reader->go(0);
  }
  std::string text(Column column) { return std::string(reader->text(column).bytes.text()); }
};

}  // namespace

TEST_CASE("texts lie in the slab unless they had to be changed") {
  OneRow row("User-Agent: plain\r\nReason: folded\r\n value\r\n");
  CHECK(row.reader->text(Column::user_agent).inSlab);
  CHECK_FALSE(row.reader->text(Column::reason).inSlab);
  CHECK(row.text(Column::reason) == "folded value");
  CHECK(row.text(Column::auth) == "");
}

TEST_CASE("folds read as one space, however they are written") {
  OneRow row("Subject: x\r\nReason: a \t\r\n\t  b\n c\r\n");
  CHECK(row.text(Column::reason) == "a b c");
}

TEST_CASE("octets that are no UTF-8, and NUL, are replaced one by one and counted") {
  OneRow row("User-Agent: \xe9t\xe9 \xf0\x9f\x98 \0!\r\n"s + "Reason: \xc3\xa9\r\n");
  CHECK(row.text(Column::user_agent) == "\xef\xbf\xbdt\xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd!");
  CHECK(row.reader->cleanedCount() == 1);
  CHECK(row.text(Column::reason) == "\xc3\xa9");
  CHECK(row.reader->cleanedCount() == 1);
}

TEST_CASE("an over-long value is cut to its width at a character, and counted") {
  std::string agent;
  while (agent.size() < 300) agent += "\xe2\x82\xac";
  OneRow row("User-Agent: x" + agent + "\r\n");
  const std::string cut = row.text(Column::user_agent);
  CHECK(cut == "x" + agent.substr(0, 255));
  CHECK(row.reader->cutCount() == 1);
  OneRow exact("User-Agent: " + std::string(256, 'y') + "\r\n");
  CHECK(exact.text(Column::user_agent).size() == 256);
  CHECK(exact.reader->cutCount() == 0);
}

TEST_CASE("a value of tens of thousands of bad octets is cut like any other") {
  OneRow row("Diversion: " + std::string(40000, '\xff') + "\r\n");
  const std::string cut = row.text(Column::diversion);
  CHECK(cut.size() == 1023);  // 341 replacement characters of three octets
  CHECK(row.reader->cutCount() == 1);
}

TEST_CASE("addresses are text of their family, and empty when the packet has none") {
  CHECK(OneRow("", chunk(3, kFrom4) + chunk(4, kTo4)).text(Column::destination_ip) == "10.0.0.2");
  CHECK(OneRow("", chunk(3, hex("ff 00 09 63"))).text(Column::source_ip) == "255.0.9.99");
  CHECK(OneRow("", chunk(3, hex("ff ff ff ff"))).text(Column::source_ip) == "255.255.255.255");
  CHECK(OneRow("").text(Column::source_ip) == "");
}

TEST_CASE("each row has the node of its own agent") {
  auto pool = SlabPool::create(kSmallestSlab, 1);
  Slab* slab = pool->acquire(0);
  for (const uint32_t agent : {7u, 7u, 0u, 4294967295u, 7u}) {
    Record& record = slab->nextRecord();
    record = Record{};
    record.agentId = agent;
    record.flags = kRecordHasAgent;
    slab->commit(0);
  }
  slab->nextRecord() = Record{};
  slab->commit(0);
  RowReader reader(*slab, Bytes(std::string_view("n")));
  std::string nodes;
  for (uint32_t row = 0; row < slab->rows(); row++) {
    reader.go(row);
    nodes += std::string(reader.text(Column::node).bytes.text()) + " ";
  }
  CHECK(nodes == "n:7 n:7 n:0 n:4294967295 n:7 n ");
}

namespace {

// What a report table of Homer 6 has beside the columns of others.
struct Report {
  std::shared_ptr<SlabPool> pool = SlabPool::create(kSmallestSlab, 1);
  SlabPool::Reader slab;
  std::unique_ptr<RowReader> reader;

  explicit Report(const std::string& packet, const Arrival& arrival = {}) {
    auto outbox = std::make_shared<Outbox>([] {});
    Intake intake(0, pool, outbox, {});
    Intake::Session(intake).accept(Bytes(packet), arrival);
    Intake::Session(intake).flush(true);
    slab = SlabPool::read(outbox->takeAll().at(0));
    reader = std::make_unique<RowReader>(*slab, Bytes(std::string_view("node")));
    reader->go(0);
  }
  std::string text(Column column) { return std::string(reader->text(column).bytes.text()); }
  int64_t integer(Column column) { return reader->integer(column); }
};

std::string event(const std::string& json) { return Report(hep3(chunk(15, json))).text(Column::event); }

}  // namespace

TEST_CASE("a report of Homer 6: chunk 101, our address, the agent, and the payload as text") {
  const uint8_t ours[] = {192, 0, 2, 9};
  const std::string payload = R"({"event":"join\u00e9","x":1})";
  const std::string packet =
      hep3(chunk(9, u32(1'700'000'000)) + chunk(10, u32(123'456)) + chunk(12, u32(4'000'000'000)) +
           chunk(101, R"({"sip":"a"})") + chunk(101, "second") + chunk(15, payload));
  Report row(packet, {0, {}, 0, Address::ipv4(ours)});
  CHECK(row.text(Column::extra_correlation) == R"({"sip":"a"})");
  CHECK(row.text(Column::correlation_id) == "a");
  CHECK(row.text(Column::capture_ip) == "192.0.2.9");
  CHECK(row.text(Column::capture_node) == "node");
  CHECK(row.text(Column::node) == "node:4000000000");
  CHECK(row.integer(Column::capt_id) == 4'000'000'000);
  CHECK(row.integer(Column::gid) == 10);
  CHECK(row.text(Column::date) == "2023-11-14 22:13:20");
  CHECK(row.integer(Column::tsu) == 123'456);
  CHECK(row.text(Column::event) == "join\xc3\xa9");
  CHECK(row.integer(Column::payload_len) == int64_t(payload.size()));
  CHECK(row.text(Column::payload_text) == payload);
}

TEST_CASE("without agent, chunk 101, receiver and payload they are empty") {
  Report row(hep3(chunk(1, u8(2))));
  for (const Column column :
       {Column::extra_correlation, Column::capture_ip, Column::event, Column::payload_text}) {
    CHECK(row.text(column) == "");
  }
  CHECK(row.integer(Column::capt_id) == 0);
  CHECK(row.integer(Column::payload_len) == 0);
}

TEST_CASE("an event is a text member at the top, whatever octets it has") {
  CHECK(event(R"({"EVENT":5,"Event":"x"})") == "x");
  CHECK(event(R"({"a":{"Event":"x"}})") == "");
  CHECK(event("Event") == "");
  CHECK(event("{\"Event\":\"\xff\\u0000\"}") == "\xef\xbf\xbd\xef\xbf\xbd");
  Report row(hep3(chunk(15, "{\"Event\":\"x" + std::string(400, '\xe9') + "\"}")));
  CHECK(row.text(Column::event).size() == 64);
  CHECK(row.reader->cutCount() == 1);
  std::string euros = "x";
  while (euros.size() < 700) euros += "\xe2\x82\xac";
  Report clean(hep3(chunk(15, "{\"Event\":\"" + euros + "\"}")));
  CHECK(clean.text(Column::event) == euros.substr(0, 64));
  CHECK(clean.reader->cleanedCount() == 0);
}

TEST_CASE("a payload as text is clean, as long as its column, and keeps its lines") {
  OneRow folded("Reason: a\r\n b\r\n");
  const std::string text = folded.text(Column::payload_text);
  CHECK(text == "OPTIONS sip:a@b SIP/2.0\r\nReason: a\r\n b\r\n\r\n");
  CHECK(folded.reader->text(Column::payload_text).inSlab);
  Report row(hep3(chunk(15, std::string(40000, '\xff'))));
  CHECK(row.text(Column::payload_text).size() == 4095);  // 1,365 replacement characters of three octets
  CHECK(row.reader->cutCount() == 1);
}

TEST_CASE("a date that has no text of 19 characters is the arrival's, counted") {
  Report row(hep3(chunk(1, u8(2))));
  Record& record = const_cast<Record&>(row.slab->record(0));
  const auto dated = [&](int64_t microTs, int64_t arrivalUs) {
    record.microTs = microTs;
    record.arrivalUs = arrivalUs;
    return row.text(Column::date) + "." + std::to_string(row.integer(Column::tsu));
  };
  constexpr int64_t kLast = 253'402'300'799'999'999;
  CHECK(dated(kLast, 0) == "9999-12-31 23:59:59.999999");
  CHECK(dated(-1, 0) == "1969-12-31 23:59:59.999999");
  CHECK(dated(-62'167'219'200'000'000, 0) == "0000-01-01 00:00:00.0");
  CHECK(row.reader->arrivalCount() == 0);
  CHECK(dated(kLast + 1, 1'700'000'000'000'001) == "2023-11-14 22:13:20.1");
  CHECK(dated(INT64_MIN, 1'700'000'000'000'002) == "2023-11-14 22:13:20.2");
  CHECK(dated(INT64_MAX, INT64_MIN) == "1970-01-01 00:00:00.0");
  CHECK(row.reader->arrivalCount() == 3);
}
