// Messages of PostgreSQL's COPY: each type by itself, what a column cannot hold, and rooms that are too
// small.
#include "batch/copy_rows.h"

#include <doctest/doctest.h>

#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;
using namespace std::string_literals;

namespace {

using Type = CopyType;

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kArrival = 1'700'000'000 * kSecond;
constexpr int64_t kEpoch = 946'684'800 * kSecond;

std::string u64(uint64_t value) { return u32(uint32_t(value >> 32)) + u32(uint32_t(value)); }
std::string field(const std::string& octets) { return u32(uint32_t(octets.size())) + octets; }
const std::string kNull = u32(0xffff'ffff);

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
  std::vector<uint32_t> all() const {
    std::vector<uint32_t> rows(slab_->rows());
    for (uint32_t i = 0; i < rows.size(); i++) rows[i] = i;
    return rows;
  }
  CopyMessage encode(const std::vector<CopyColumn>& columns, std::vector<uint8_t>& room) const {
    return encodeCopyRows(*slab_, all(), Bytes(std::string_view("node")), columns,
                          {room.data(), room.size()});
  }
  CopyCounts counts(const CopyColumn& column) const {
    std::vector<uint8_t> room(1 << 20);
    return encode({column}, room).counts;
  }
  // The message's rows, without its head.
  std::string octets(const std::vector<CopyColumn>& columns) const {
    std::vector<uint8_t> room(1 << 20);
    const CopyMessage message = encode(columns, room);
    REQUIRE(message.rows == slab_->rows());
    const std::string octets(room.begin(), room.begin() + long(message.size));
    CHECK(octets.substr(0, 5) == "d" + u32(uint32_t(message.size - 1)));
    return octets.substr(5);
  }
  // The one field of one row.
  std::string value(const CopyColumn& column) const {
    const std::string row = octets({column});
    CHECK(row.substr(0, 2) == u16(1));
    return row.substr(2);
  }
  const Slab& slab() const { return *slab_; }

 private:
  std::shared_ptr<SlabPool> pool_ = SlabPool::create(4 << 20, 1);
  Slab* slab_ = pool_->acquire(0);
};

}  // namespace

TEST_CASE("a message of COPY is a head and its tuples, each with the number of its fields") {
  HandMade rows;
  rows.add("ab").sourcePort = 5060;
  rows.add("").sourcePort = 1;
  CHECK(rows.octets({{Column::msg, Type::bytea}, {Column::source_port, Type::int4}}) ==
        u16(2) + field("ab") + field(u32(5060)) + u16(2) + field("") + field(u32(1)));
}

TEST_CASE("COPY: the payload goes byte for byte into octets, clean into a text") {
  HandMade rows;
  const std::string payload = "a\0\xff'\\"s;
  rows.add(payload);
  CHECK(rows.value({Column::msg, Type::bytea}) == field(payload));
  CHECK(rows.value({Column::msg, Type::text}) == field("a\xef\xbf\xbd\xef\xbf\xbd'\\"));
  CHECK(rows.counts({Column::msg, Type::bytea}).cleaned == 0);
  CHECK(rows.counts({Column::msg, Type::text}).cleaned == 1);
}

TEST_CASE("COPY: a text is cut between characters, to as many as the column has, and counted") {
  HandMade rows;
  rows.add("\xc3\xa9\xc3\xa9x").sip[size_t(SipField::callId)] = {0, 5};
  for (const Column column : {Column::callid, Column::msg}) {
    CHECK(rows.value({column, Type::text, 3}) == field("\xc3\xa9\xc3\xa9x"));
    CHECK(rows.counts({column, Type::text, 3}).cut == 0);
    CHECK(rows.value({column, Type::text, 2}) == field("\xc3\xa9\xc3\xa9"));
    CHECK(rows.value({column, Type::text, 1}) == field("\xc3\xa9"));
    CHECK(rows.counts({column, Type::text, 1}).cut == 1);
  }
}

TEST_CASE("COPY: what is cut was made clean before") {
  HandMade rows;
  rows.add("\xff\xff\xff\xff\xff");
  CHECK(rows.value({Column::msg, Type::text, 2}) == field("\xef\xbf\xbd\xef\xbf\xbd"));
}

TEST_CASE("COPY: no text is no JSON, and jsonb has its version before it") {
  HandMade rows;
  rows.add("{}");
  CHECK(rows.value({Column::msg, Type::json}) == field("{}"));
  CHECK(rows.value({Column::msg, Type::jsonb}) == field("\1{}"));
  CHECK(rows.value({Column::callid, Type::json}) == kNull);
  CHECK(rows.value({Column::callid, Type::jsonb}) == kNull);
  CHECK(rows.octets({{Column::callid, Type::jsonb}, {Column::msg, Type::jsonb}}) ==
        u16(2) + kNull + field("\1{}"));
}

TEST_CASE("COPY: a number that the column cannot hold is the nearest that it can, and counted") {
  HandMade rows;
  rows.add("", -5'000'000'000).sourcePort = 40'000;
  const auto clamped = [&](Column column, Type type) { return rows.counts({column, type}).clamped; };
  CHECK(rows.value({Column::source_port, Type::int2}) == field(u16(32'767)));
  CHECK(rows.value({Column::source_port, Type::int4}) == field(u32(40'000)));
  CHECK(rows.value({Column::micro_ts, Type::int4}) == field(u32(0x8000'0000)));
  CHECK(rows.value({Column::micro_ts, Type::int8}) == field(u64(uint64_t(-5'000'000'000))));
  CHECK(clamped(Column::source_port, Type::int2) == 1);
  CHECK(clamped(Column::micro_ts, Type::int4) == 1);
  CHECK(clamped(Column::micro_ts, Type::int8) == 0);
}

TEST_CASE("COPY: numbers as floating point, as digits, and a date as seconds") {
  HandMade rows;
  rows.add("", -1).sourcePort = 5060;
  CHECK(rows.value({Column::source_port, Type::float8}) == field(u64(0x40b3'c400'0000'0000)));
  CHECK(rows.value({Column::source_port, Type::float4}) == field(u32(0x459e'2000)));
  CHECK(rows.value({Column::micro_ts, Type::text}) == field("-1"));
  CHECK(rows.value({Column::source_port, Type::bytea}) == field("5060"));
  CHECK(rows.value({Column::date, Type::text}) == field("1969-12-31 23:59:59"));
  CHECK(rows.value({Column::date, Type::int8}) == field(u64(uint64_t(-1))));
}

TEST_CASE("COPY: times count from 2000; `date` has whole seconds, `micro_ts` all that there is") {
  for (const int64_t us : {kArrival + 123'456, kEpoch, kEpoch - 1, int64_t{0}, int64_t{-1}, INT64_MAX}) {
    HandMade rows;
    rows.add("", us);
    const int64_t second = us / kSecond - (us % kSecond < 0 ? 1 : 0);
    const int64_t day = second / 86'400 - (second % 86'400 < 0 ? 1 : 0);
    CHECK(rows.value({Column::date, Type::timestamp}) == field(u64(uint64_t(second * kSecond - kEpoch))));
    CHECK(rows.value({Column::micro_ts, Type::timestamp}) == field(u64(uint64_t(us - kEpoch))));
    CHECK(rows.value({Column::date, Type::date}) == field(u32(uint32_t(day - 10'957))));
  }
}

TEST_CASE("COPY: a time before the first of the calendar is that of the arrival, and counted") {
  constexpr int64_t kFirst = -210'866'803'200 * kSecond;
  for (const auto& [us, held] : {std::pair{kFirst, true}, {kFirst - 1, false}, {INT64_MIN, false}}) {
    HandMade rows;
    rows.add("", us);
    CHECK(rows.value({Column::micro_ts, Type::timestamp}) ==
          field(u64(uint64_t((held ? us : kArrival) - kEpoch))));
    CHECK(rows.counts({Column::date, Type::date}).arrivals == (held ? 0 : 1));
  }
  HandMade rows;
  rows.add("", INT64_MIN).arrivalUs = INT64_MIN;
  CHECK(rows.value({Column::micro_ts, Type::timestamp}) == field(u64(uint64_t(-kEpoch))));
}

TEST_CASE("COPY: a constant is the same in every row") {
  HandMade rows;
  rows.add("a");
  rows.add("b");
  const CopyColumn constant{Column::msg, Type::constant, 0, "\0\7"s};
  CHECK(rows.octets({constant}) == u16(1) + field("\0\7"s) + u16(1) + field("\0\7"s));
}

TEST_CASE("COPY: rows find room as long as there is some, and the rest comes in the next message") {
  HandMade rows;
  std::string expected;
  for (int i = 0; i < 100; i++) {
    rows.add(std::string(size_t(i * 50), char('a' + i % 26)));
    expected += u16(1) + field(std::string(size_t(i * 50), char('a' + i % 26)));
  }
  const std::vector<CopyColumn> columns{{Column::msg, Type::bytea}};
  std::vector<uint32_t> rest = rows.all();
  std::string found;
  size_t messages = 0;
  for (std::vector<uint8_t> room(8000 + 1, '#'); !rest.empty(); messages++) {
    const CopyMessage message =
        encodeCopyRows(rows.slab(), rest, Bytes(std::string_view("n")), columns, {room.data(), 8000});
    REQUIRE(message.rows > 0);
    CHECK(room[8000] == '#');
    found += std::string(room.begin() + 5, room.begin() + long(message.size));
    rest.erase(rest.begin(), rest.begin() + long(message.rows));
  }
  CHECK(found == expected);
  CHECK(messages > 30);
}

TEST_CASE("COPY: a row that finds no room says how much it may need, and then finds it") {
  HandMade rows;
  rows.add(std::string(60'000, '\xff'));
  const std::vector<CopyColumn> columns{{Column::msg, Type::text}, {Column::msg, Type::bytea}};
  for (const size_t size : {0, 4, 5, 1000, 200'000}) {
    std::vector<uint8_t> room(size);
    const CopyMessage none = rows.encode(columns, room);
    CHECK(none.rows == 0);
    CHECK(none.size == 0);
    REQUIRE(none.wanted > size);
    room.resize(none.wanted);
    const CopyMessage one = rows.encode(columns, room);
    CHECK(one.rows == 1);
    CHECK(one.size == 5 + 2 + 4 + 180'000 + 4 + 60'000);
    CHECK(one.wanted == 0);
  }
}

TEST_CASE("COPY: no rows are no message") {
  HandMade rows;
  std::vector<uint8_t> room(100);
  const CopyMessage message = rows.encode({{Column::msg, Type::bytea}}, room);
  CHECK(message.rows == 0);
  CHECK(message.size == 0);
  CHECK(message.wanted == 0);
}

TEST_CASE("COPY: the longest texts of all columns find the room that is asked for") {
  HandMade rows;
  Record& record = rows.add(std::string(40'000, '\xfe'));
  for (Span& span : record.sip) span = {0, 40'000};
  record.correlation = record.payload;
  record.agentId = UINT32_MAX;
  record.flags = kRecordHasAgent;
  record.sourceFamily = record.destinationFamily = 10;
  record.microTs = INT64_MAX;
  for (const Type type : {Type::text, Type::bytea, Type::jsonb}) {
    std::vector<CopyColumn> columns;
    for (size_t i = 0; i < kColumns; i++) columns.push_back({Column(i), type});
    std::vector<uint8_t> room;
    room.resize(rows.encode(columns, room).wanted);
    CHECK(rows.encode(columns, room).rows == 1);
  }
}
