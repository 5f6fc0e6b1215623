// Rows as values for a driver: where each text ends, and what a column cannot hold.
#include "batch/value_rows.h"

#include <doctest/doctest.h>

#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;
using namespace std::string_literals;

namespace {

using Type = ValueType;

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kArrival = 1'700'000'000 * kSecond;

// A slab of records that are written by hand.
class HandMade {
 public:
  Record& add(const std::string& payload = "", int64_t microTs = kArrival) {
    Record& record = slab_->nextRecord();
    record = Record{};
    record.microTs = microTs;
    record.arrivalUs = kArrival;
    record.payload = slab_->append(Bytes(payload));
    slab_->commit(0);
    return record;
  }
  RowValues values(const std::vector<ValueColumn>& columns, size_t octets = 1 << 20) const {
    std::vector<uint32_t> rows(slab_->rows());
    for (uint32_t i = 0; i < rows.size(); i++) rows[i] = i;
    return valuesOf(*slab_, rows, Bytes(std::string_view("node")), columns, octets);
  }
  std::string text(const ValueColumn& column) const { return values({column}).text; }

 private:
  std::shared_ptr<SlabPool> pool_ = SlabPool::create(1 << 20, 1);
  Slab* slab_ = pool_->acquire(0);
};

ValueColumn payloadText(uint32_t characters, uint32_t octets = 0, uint32_t lastCodePoint = kLastCodePoint) {
  return {Column::msg, Type::text, characters, octets, lastCodePoint};
}

ValueColumn number(Column from, int64_t least, int64_t most) {
  return {from, Type::int32, 0, 0, kLastCodePoint, least, most};
}

ValueColumn timeOf(Column from, int64_t least, int64_t most, bool hasMicros = false) {
  return {from, Type::time, 0, 0, kLastCodePoint, least, most, hasMicros};
}

}  // namespace

TEST_CASE("columns in which no row has anything are told") {
  HandMade made;
  made.add("").sourcePort = 0;
  made.add("").sourcePort = 0;
  const std::vector<ValueColumn> columns = {payloadText(10),
                                            number(Column::source_port, 0, 65'535),
                                            number(Column::source_port, 1, 65'535),
                                            timeOf(Column::date, 0, kArrival),
                                            {Column::msg, Type::octets},
                                            {Column::user_agent, Type::text}};
  CHECK(made.values(columns).filled == std::vector<uint8_t>{0, 0, 1, 1, 1, 0});
  made.add("x").sourcePort = 5060;
  CHECK(made.values(columns).filled == std::vector<uint8_t>{1, 1, 1, 1, 1, 0});
}

TEST_CASE("values of a row stand behind one another, rows too") {
  HandMade made;
  made.add("one").sourcePort = 5060;
  made.add("two", -1).sourcePort = 65'535;
  const RowValues values = made.values({{Column::node, Type::text},
                                        {Column::source_port, Type::int32},
                                        {Column::micro_ts, Type::int64},
                                        {Column::msg, Type::octets},
                                        {Column::source_port, Type::text},
                                        {Column::msg, Type::text}});
  CHECK(values.rows == 2);
  CHECK(values.text == "node5060onenode65535two");
  CHECK(values.ends == std::vector<uint32_t>{4, 8, 11, 15, 20, 23});
  CHECK(values.int32s == std::vector<int32_t>{5060, 65'535});
  CHECK(values.int64s == std::vector<int64_t>{kArrival, -1});
  CHECK(values.spans == std::vector<uint32_t>{0, 3, 3, 3});
  CHECK(values.octets > values.text.size());
}

TEST_CASE("ends count units of UTF-16, as strings of JavaScript do") {
  HandMade made;
  for (const char* text : {"a\u00e9", "\u20ac\u20ac", "\U0001f600x", ""}) made.add(text);
  CHECK(made.values({payloadText(0)}).ends == std::vector<uint32_t>{2, 4, 7, 7});
}

TEST_CASE("rows are taken until they have so many octets, one at least") {
  HandMade made;
  for (int i = 0; i < 5; i++) made.add(std::string(1000, 'x'));
  CHECK(made.values({payloadText(0)}, 1).rows == 1);
  CHECK(made.values({{Column::msg, Type::octets}}, 2500).rows == 3);
  CHECK(made.values({payloadText(0)}).rows == 5);
}

TEST_CASE("texts are cut to characters and to octets, and split no character") {
  HandMade made;
  made.add("\u00e9\u20ac\U0001f600x");
  CHECK(made.text(payloadText(4)) == "\u00e9\u20ac\U0001f600x");
  CHECK(made.text(payloadText(3)) == "\u00e9\u20ac\U0001f600");
  CHECK(made.text(payloadText(1)) == "\u00e9");
  CHECK(made.text(payloadText(0, 8)) == "\u00e9\u20ac");
  CHECK(made.text(payloadText(1, 1)) == "");
  CHECK(made.values({payloadText(4, 10)}).counts.cut == 0);
  CHECK(made.values({payloadText(1, 1)}).counts.cut == 1);
}

TEST_CASE("octets are cut to the column, and counted") {
  HandMade made;
  made.add("\xff\0\xff"s);
  const RowValues values = made.values({{Column::msg, Type::octets, 0, 2}});
  CHECK(values.spans == std::vector<uint32_t>{0, 2});
  CHECK(values.counts.cut == 1);
}

TEST_CASE("octets become clean text where the column is one") {
  HandMade made;
  made.add("a\0\xff"s);
  const RowValues values = made.values({payloadText(0)});
  CHECK(values.text == "a\ufffd\ufffd");
  CHECK(values.ends == std::vector<uint32_t>{3});
  CHECK(values.counts.cleaned == 1);
}

TEST_CASE("characters that the set of a column lacks are replaced") {
  HandMade made;
  made.add("a\u0085\u00e9\u20ac\U0001f600");
  CHECK(made.text(payloadText(0)) == "a\u0085\u00e9\u20ac\U0001f600");
  CHECK(made.text(payloadText(0, 0, 0xffff)) == "a\u0085\u00e9\u20ac\ufffd");
  CHECK(made.text(payloadText(0, 0, 0xff)) == "a?\u00e9??");
  CHECK(made.text(payloadText(0, 0, 0x7f)) == "a????");
  CHECK(made.values({payloadText(0, 0, 0x7f)}).counts.cleaned == 1);
}

TEST_CASE("a number beyond its column is the nearest that it holds") {
  HandMade made;
  made.add().sourcePort = 50'000;
  CHECK(made.values({number(Column::source_port, -32'768, 32'767)}).int32s[0] == 32'767);
  CHECK(made.values({number(Column::source_port, 0, 65'535)}).int32s[0] == 50'000);
  CHECK(made.values({number(Column::source_port, -128, 127)}).counts.clamped == 1);
  CHECK(made.values({{Column::date, Type::int64}}).int64s[0] == kArrival / kSecond);
}

TEST_CASE("a time that the column cannot hold is that of the arrival") {
  HandMade made;
  made.add("", 1'600'000'000 * kSecond + 7);
  CHECK(made.text(timeOf(Column::date, 1, 0x7fff'ffff)) == "2020-09-13 12:26:40");
  CHECK(made.text(timeOf(Column::micro_ts, 1, 0x7fff'ffff, true)) == "2020-09-13 12:26:40.000007");
  CHECK(made.values({timeOf(Column::date, 1, 0x7fff'ffff)}).counts.arrivals == 0);
  for (const int64_t wrong : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX, int64_t{1} << 52}) {
    HandMade odd;
    odd.add("", wrong);
    CHECK(odd.text(timeOf(Column::date, 1, 0x7fff'ffff)) == "2023-11-14 22:13:20");
    CHECK(odd.values({timeOf(Column::date, 1, 0x7fff'ffff)}).counts.arrivals == 1);
  }
  HandMade late;
  late.add("", INT64_MAX).arrivalUs = INT64_MAX;
  CHECK(late.text(timeOf(Column::date, 1, 0x7fff'ffff)) == "2038-01-19 03:14:07");
}
