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
