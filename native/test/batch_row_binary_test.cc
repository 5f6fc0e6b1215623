// Octets of RowBinary: each type by itself, and what a column cannot hold.
#include "batch/row_binary.h"

#include <doctest/doctest.h>

#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;
using namespace std::string_literals;

namespace {

using Type = RowBinaryType;

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
  RowBinary encoded(const std::vector<RowBinaryColumn>& columns) {
    std::vector<uint32_t> rows(slab_->rows());
    for (uint32_t i = 0; i < rows.size(); i++) rows[i] = i;
    return encodeRowBinary(*slab_, rows, Bytes(std::string_view("node")), columns);
  }
  std::string octets(const std::vector<RowBinaryColumn>& columns) {
    const RowBinary rows = encoded(columns);
    return std::string(reinterpret_cast<const char*>(rows.octets.get()), rows.size);
  }
  Slab& slab() { return *slab_; }

 private:
  std::shared_ptr<SlabPool> pool_ = SlabPool::create(4 << 20, 1);
  Slab* slab_ = pool_->acquire(0);
};

std::string u64Little(uint64_t value) {
  return u32Little(uint32_t(value)) + u32Little(uint32_t(value >> 32));
}

}  // namespace

TEST_CASE("values follow each other, rows too, and nothing stands between them") {
  HandMade rows;
  rows.add("ab").sourcePort = 5060;
  rows.add("").sourcePort = 1;
  CHECK(rows.octets({{Column::msg, Type::String}, {Column::source_port, Type::UInt16}}) ==
        "\2ab\xc4\x13\0\1\0"s);
}

TEST_CASE("no rows, and no columns, are no octets") {
  HandMade rows;
  CHECK(rows.octets({{Column::msg, Type::String}}) == "");
  rows.add("ab");
  CHECK(rows.octets({}) == "");
}

TEST_CASE("the length of a string is written in groups of seven bits") {
  for (const auto& [size, head] :
       {std::pair{127u, "\x7f"s}, {128u, "\x80\x01"s}, {65'535u, "\xff\xff\x03"s}}) {
    HandMade rows;
    rows.add(std::string(size, 'x'));
    CHECK(rows.octets({{Column::msg, Type::String}}) == head + std::string(size, 'x'));
  }
}

TEST_CASE("the payload goes byte for byte, a text as clean UTF-8") {
  HandMade rows;
  const std::string payload = "a\0\xff'\\"s;
  Record& record = rows.add(payload);
  record.sip[size_t(SipField::callId)] = {0, 3};
  CHECK(rows.octets({{Column::msg, Type::String}}) == "\5"s + payload);
  CHECK(rows.octets({{Column::callid, Type::String}}) == "\7a\xef\xbf\xbd\xef\xbf\xbd"s);
  CHECK(rows.encoded({{Column::callid, Type::String}}).counts.cleaned == 1);
}

TEST_CASE("a nullable value has a zero before it") {
  HandMade rows;
  rows.add("a");
  CHECK(rows.octets({{Column::msg, Type::String, true}, {Column::source_port, Type::UInt8, true}}) ==
        "\0\1a\0\0"s);
}

TEST_CASE("a fixed string is filled up with NULs, or cut between characters and counted") {
  HandMade rows;
  rows.add("\xc3\xa9\xc3\xa9").sip[size_t(SipField::callId)] = {0, 4};
  const auto of = [](Column column, uint32_t size) {
    return std::vector<RowBinaryColumn>{{column, Type::FixedString, false, size}};
  };
  CHECK(rows.octets(of(Column::callid, 6)) == "\xc3\xa9\xc3\xa9\0\0"s);
  CHECK(rows.encoded(of(Column::callid, 6)).counts.cut == 0);
  CHECK(rows.octets(of(Column::callid, 3)) == "\xc3\xa9\0"s);
  CHECK(rows.octets(of(Column::msg, 3)) == "\xc3\xa9\xc3"s);
  CHECK(rows.encoded(of(Column::callid, 3)).counts.cut == 1);
}

TEST_CASE("a number that the column cannot hold is the nearest that it can, and counted") {
  HandMade rows;
  Record& record = rows.add("", -5);
  record.sourcePort = 40'000;
  const auto counts = [&](Column column, Type type) { return rows.encoded({{column, type}}).counts.clamped; };
  CHECK(rows.octets({{Column::source_port, Type::UInt8}}) == "\xff");
  CHECK(rows.octets({{Column::source_port, Type::Int8}}) == "\x7f");
  CHECK(rows.octets({{Column::source_port, Type::Int16}}) == "\xff\x7f");
  CHECK(rows.octets({{Column::source_port, Type::UInt16}}) == u16Little(40'000));
  CHECK(rows.octets({{Column::source_port, Type::Int32}}) == u32Little(40'000));
  CHECK(rows.octets({{Column::micro_ts, Type::Int64}}) == u64Little(uint64_t(-5)));
  CHECK(rows.octets({{Column::micro_ts, Type::UInt64}}) == u64Little(0));
  CHECK(counts(Column::source_port, Type::UInt8) == 1);
  CHECK(counts(Column::source_port, Type::UInt32) == 0);
  CHECK(counts(Column::micro_ts, Type::UInt64) == 1);
  CHECK(counts(Column::micro_ts, Type::Int64) == 0);
}

TEST_CASE("a number in a text column is written in digits") {
  HandMade rows;
  rows.add("", -1'234'567).sourcePort = 5060;
  CHECK(rows.octets({{Column::source_port, Type::String}}) == "\4"s + "5060");
  CHECK(rows.octets({{Column::micro_ts, Type::String}}) == "\x08-1234567");
}

TEST_CASE("a date is a day, a second or a tick of its column, and a number where that is one") {
  HandMade rows;
  rows.add("", 1'700'000'000 * kSecond + 123'456);
  const auto ticks = [&](uint32_t places) {
    return rows.octets({{Column::date, Type::DateTime64, false, places}});
  };
  CHECK(rows.octets({{Column::date, Type::DateTime}}) == u32Little(1'700'000'000));
  CHECK(rows.octets({{Column::date, Type::UInt32}}) == u32Little(1'700'000'000));
  CHECK(rows.octets({{Column::date, Type::Date}}) == u16Little(19'675));
  CHECK(rows.octets({{Column::date, Type::String}}) == "\x13"s + "2023-11-14 22:13:20");
  CHECK(ticks(0) == u64Little(1'700'000'000));
  CHECK(ticks(3) == u64Little(1'700'000'000'123));
  CHECK(ticks(6) == u64Little(1'700'000'000'123'456));
  CHECK(ticks(9) == u64Little(1'700'000'000'123'456'000));
  CHECK(rows.octets({{Column::micro_ts, Type::DateTime64, false, 6}}) == u64Little(1'700'000'000'123'456));
}

TEST_CASE("ticks before 1970 count down from whole seconds") {
  HandMade rows;
  rows.add("", -1);
  CHECK(rows.octets({{Column::date, Type::DateTime64, false, 3}}) == u64Little(uint64_t(-1)));
  CHECK(rows.encoded({{Column::date, Type::DateTime64, false, 3}}).counts.arrivals == 0);
}

TEST_CASE("a time that the column cannot hold is that of the arrival, and counted") {
  constexpr int64_t kLast = 0xffff'ffff - 86'400;
  for (const auto& [us, holds] : {std::pair{int64_t{-1}, false},
                                  {int64_t{0}, true},
                                  {kLast * kSecond + 999'999, true},
                                  {(kLast + 1) * kSecond, false}}) {
    HandMade rows;
    rows.add("", us);
    CHECK(rows.octets({{Column::date, Type::DateTime}}) ==
          u32Little(holds ? uint32_t(us / kSecond) : 1'700'000'000));
    CHECK(rows.encoded({{Column::date, Type::DateTime}}).counts.arrivals == (holds ? 0 : 1));
  }
}

TEST_CASE("an arrival that does not fit either is the second 0") {
  HandMade rows;
  rows.add("", -1).arrivalUs = -1;
  CHECK(rows.octets({{Column::date, Type::DateTime}}) == u32Little(0));
}

TEST_CASE("times of all 64 bits are taken") {
  for (const int64_t us : {INT64_MIN, INT64_MAX}) {
    HandMade rows;
    rows.add("", us);
    CHECK(rows.octets({{Column::date, Type::DateTime64, false, 9}}) == u64Little(uint64_t(kArrival) * 1000));
  }
}

TEST_CASE("what is longer than was expected finds room") {
  HandMade rows;
  std::string expected;
  for (int i = 0; i < 40; i++) {
    rows.add(std::string(60'000, char('a' + i % 26)));
    expected += "\xe0\xd4\x03" + std::string(60'000, char('a' + i % 26));
    expected += expected.substr(expected.size() - 60'003) + expected.substr(expected.size() - 60'003);
  }
  CHECK(
      rows.octets({{Column::msg, Type::String}, {Column::msg, Type::String}, {Column::msg, Type::String}}) ==
      expected);
}

TEST_CASE("the same rows give the same octets, in the order that they are asked for") {
  HandMade rows;
  rows.add("a");
  rows.add("b");
  const std::vector<RowBinaryColumn> columns{{Column::msg, Type::String}, {Column::node, Type::String}};
  CHECK(rows.octets(columns) == rows.octets(columns));
  const RowBinary turned = encodeRowBinary(rows.slab(), {1, 0}, Bytes(std::string_view("n")), columns);
  CHECK(std::string(reinterpret_cast<const char*>(turned.octets.get()), turned.size) == "\1b\1n\1a\1n");
}

TEST_CASE("a room is written into, and left where it is too small") {
  const std::vector<RowBinaryColumn> columns{{Column::msg, Type::String}};
  HandMade rows;
  rows.add("abc");
  rows.add(std::string(3000, 'x'));
  const std::string expected = rows.octets(columns);
  for (const size_t size :
       {size_t{1}, size_t{4}, expected.size() - 1, expected.size(), expected.size() + 5}) {
    std::vector<uint8_t> room(size + 1, '#');
    const RowBinary encoded =
        encodeRowBinary(rows.slab(), {0, 1}, Bytes(std::string_view("n")), columns, {room.data(), size});
    const uint8_t* octets = encoded.octets ? encoded.octets.get() : room.data();
    CHECK(bool(encoded.octets) == (size < expected.size()));
    CHECK(std::string(reinterpret_cast<const char*>(octets), encoded.size) == expected);
    CHECK(room[size] == '#');
  }
}

TEST_CASE("with a window the date of a message outside of it is that of its arrival, its time is its own") {
  const std::vector<RowBinaryColumn> columns{{Column::date, Type::DateTime}, {Column::micro_ts, Type::Int64}};
  const DateWindow window{100 * kSecond, 10 * kSecond};
  for (const auto& [us, inside] : {std::pair{kArrival - 100 * kSecond, true},
                                   {kArrival - 100 * kSecond - 1, false},
                                   {kArrival + 10 * kSecond, true},
                                   {kArrival + 10 * kSecond + 1, false},
                                   {int64_t{0}, false}}) {
    HandMade rows;
    rows.add("", us);
    const RowBinary encoded =
        encodeRowBinary(rows.slab(), {0}, Bytes(std::string_view("n")), columns, {}, window);
    const std::string octets(reinterpret_cast<const char*>(encoded.octets.get()), encoded.size);
    CHECK(octets == u32Little(uint32_t((inside ? us : kArrival) / kSecond)) + u64Little(uint64_t(us)));
    CHECK(encoded.counts.arrivals == (inside ? 0 : 1));
  }
}

TEST_CASE("a window around times of all 64 bits is taken") {
  for (const int64_t us : {INT64_MIN, INT64_MAX}) {
    HandMade rows;
    rows.add("", us);
    const RowBinary encoded = encodeRowBinary(rows.slab(), {0}, Bytes(std::string_view("n")),
                                              {{Column::date, Type::DateTime}}, {}, DateWindow{1, 1});
    CHECK(encoded.counts.arrivals == 1);
  }
}
