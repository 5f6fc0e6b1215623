// Rows that routes changed: what an edit says and what stays, copies that stand on their own, and the bounds.
#include "batch/derivation.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <thread>

#include "batch/columns.h"
#include "batch/custom_fields.h"
#include "batch/intake.h"
#include "guarded.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

const std::string kInvite =
    "INVITE sip:bob@example.org SIP/2.0\r\nCall-ID: new\r\nSubject: a\r\n b\r\nReason: c\r\n d\r\n\r\n";

// Messages as an input would have filed them.
struct Received {
  std::shared_ptr<SlabPool> pool = SlabPool::create(kSmallestSlab, 4);
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>([] {});
  Intake intake{7, pool, outbox, {1000, 0}};

  SlabPool::Reader slab(std::initializer_list<std::string> packets) {
    for (const std::string& packet : packets) {
      Intake::Session(intake).accept(Bytes(packet),
                                     {1'600'000'000'000'000, Address::ipv4(Bytes("\x7f\0\0\1").data), 9});
    }
    Intake::Session(intake).flush(true);
    return SlabPool::read(outbox->takeAll().at(0));
  }
};

std::string sip(std::string_view payload, const std::string& more = {}) {
  return hep3(chunk(1, u8(2)) + chunk(2, u8(17)) + chunk(3, kFrom4) + chunk(4, kTo4) + chunk(7, u16(5060)) +
              chunk(8, u16(5080)) + chunk(9, u32(1'700'000'000)) + chunk(10, u32(123'456)) +
              chunk(11, u8(1)) + chunk(12, u32(7)) + chunk(15, payload) + more);
}

std::string deflated(std::string_view text) {
  std::string out(compressBound(text.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
           text.size());
  return out.substr(0, size);
}

std::string custom(std::string_view first, std::string_view second = {}, std::string_view third = {}) {
  std::string octets;
  for (const std::string_view text : {first, second, third})
    octets += u16(unsigned(text.size())) + std::string(text);
  return octets;
}

Derived edit(Derivation& derivation, const Slab& from, uint32_t row, std::string_view packet) {
  const GuardedBytes octets = guarded(packet);
  return derivation.edit(from, row, octets.bytes());
}

uint32_t rowOf(const Derived& derived) {
  REQUIRE(derived.state == Derived::State::row);
  return derived.row;
}

std::string_view octetsOf(const Slab& slab, SlabSpan span) { return slab.bytes(span).text(); }

std::string textOf(const Slab& slab, uint32_t row, Column column) {
  RowReader reader(slab, Bytes("n"));
  reader.go(row);
  return std::string(reader.text(column).bytes.text());
}

bool isWithin(SlabSpan part, SlabSpan whole) {
  return part.offset >= whole.offset && part.offset + part.length <= whole.offset + whole.length;
}

}  // namespace

TEST_CASE("an edited message is parsed anew, and keeps what the packet cannot say") {
  Received received;
  const auto from = received.slab({sip(kOptions)});
  Derivation derivation(kSmallestSlab, 1);
  const std::string packet =
      hep3(chunk(1, u8(10)) + chunk(2, u8(6)) + chunk(5, kFrom6) + chunk(6, kTo6) + chunk(7, u16(1)) +
           chunk(8, u16(2)) + chunk(9, u32(1'800'000'000)) + chunk(10, u32(5)) + chunk(11, u8(1)) +
           chunk(12, u32(4'000'000'000)) + chunk(0x11, "given") + chunk(15, kInvite));
  const uint32_t row = rowOf(edit(derivation, *from, 0, packet));
  const Slab& slab = *derivation.open();
  const Record& record = slab.record(row);
  CHECK(slab.input() == 7);
  CHECK(octetsOf(slab, record.packet) == packet);
  CHECK(octetsOf(slab, record.payload) == kInvite);
  CHECK(record.sipKind == kSipRequest);
  CHECK((record.flags & kRecordFolded) != 0);
  CHECK(textOf(slab, row, Column::method) == "INVITE");
  CHECK(textOf(slab, row, Column::callid) == "new");
  CHECK(textOf(slab, row, Column::reason) == "c d");
  CHECK(textOf(slab, row, Column::correlation_id) == "given");
  CHECK(textOf(slab, row, Column::source_ip) == "2001:db8::1");
  CHECK(textOf(slab, row, Column::destination_ip) == "2001:db8::2");
  CHECK(textOf(slab, row, Column::node) == "n:4000000000");
  CHECK(record.family == 10);
  CHECK(record.protocol == 6);
  CHECK(record.sourcePort == 1);
  CHECK(record.destinationPort == 2);
  CHECK(record.microTs == 1'800'000'000'000'005);
  CHECK(record.arrivalUs == 1'600'000'000'000'000);
  CHECK(record.senderPort == 9);
  CHECK(record.senderFamily == 2);
  CHECK(record.sender[0] == 127);
}

TEST_CASE("numbers and addresses that the new octets do not say are those of the message") {
  Received received;
  const auto from = received.slab({sip(kOptions, chunk(0x11, "given"))});
  Derivation derivation(kSmallestSlab, 1);
  const uint32_t row = rowOf(edit(derivation, *from, 0, hep3(chunk(15, kInvite))));
  const Slab& slab = *derivation.open();
  const Record& record = slab.record(row);
  CHECK(textOf(slab, row, Column::source_ip) == "10.0.0.1");
  CHECK(textOf(slab, row, Column::destination_ip) == "10.0.0.2");
  CHECK(textOf(slab, row, Column::node) == "n:7");
  CHECK(record.family == 2);
  CHECK(record.protocol == 17);
  CHECK(record.protocolType == 1);
  CHECK(record.sourcePort == 5060);
  CHECK(record.destinationPort == 5080);
  CHECK(record.microTs == 1'700'000'000'123'456);
  CHECK((record.flags & kRecordHasTime) != 0);
  CHECK((record.flags & kRecordSip) != 0);
  CHECK(textOf(slab, row, Column::correlation_id) == "new");
}

TEST_CASE("the parts of a time stay one by one, also where microseconds hold more than a second") {
  Received received;
  const std::string late = hep3(chunk(9, u32(UINT32_MAX)) + chunk(10, u32(UINT32_MAX)) + chunk(15, kOptions));
  const auto from = received.slab({late, sip(kOptions), hep3(chunk(15, kOptions))});
  Derivation derivation(kSmallestSlab, 1);
  const auto microTs = [&](uint32_t row, const std::string& chunks) {
    const uint32_t edited = rowOf(edit(derivation, *from, row, hep3(chunks)));
    return derivation.open()->record(edited).microTs;
  };
  const int64_t latest = int64_t(UINT32_MAX) * 1'000'000 + UINT32_MAX;
  CHECK(from->record(0).microTs == latest);
  CHECK(microTs(0, "") == latest);
  CHECK(microTs(1, chunk(9, u32(5))) == 5'123'456);
  CHECK(microTs(1, chunk(10, u32(5))) == 1'700'000'000'123'456);
  CHECK(microTs(2, "") == 1'600'000'000'000'000);
  CHECK((derivation.open()->record(derivation.open()->rows() - 1).flags & kRecordHasTime) == 0);
  CHECK(microTs(2, chunk(9, u32(5))) == 5'000'000);
}

TEST_CASE(
    "without a payload there is none; without a type the message's own counts, then the payload's look") {
  Received received;
  const auto from = received.slab({sip(kOptions), hep3(chunk(15, "{}"))});
  Derivation derivation(kSmallestSlab, 1);
  const uint32_t empty = rowOf(edit(derivation, *from, 0, hep3(chunk(7, u16(1)))));
  CHECK(derivation.open()->record(empty).payload.length == 0);
  CHECK(textOf(*derivation.open(), empty, Column::method) == "");
  CHECK((derivation.open()->record(empty).flags & kRecordSip) != 0);
  const auto isSip = [&](uint32_t row, const std::string& packet) {
    const uint32_t edited = rowOf(edit(derivation, *from, row, packet));
    return (derivation.open()->record(edited).flags & kRecordSip) != 0;
  };
  CHECK(isSip(0, hep3(chunk(15, "{}"))));
  CHECK_FALSE(isSip(0, hep3(chunk(11, u8(5)) + chunk(15, kOptions))));
  CHECK(isSip(1, hep3(chunk(15, kOptions))));
  CHECK_FALSE(isSip(1, hep3(chunk(15, "[]"))));
}

TEST_CASE("compressed payloads are inflated again; broken ones stay as they are") {
  Received received;
  const auto from = received.slab({sip(kOptions)});
  Derivation derivation(kSmallestSlab, 1);
  const std::string packed = deflated(kInvite);
  const uint32_t good = rowOf(edit(derivation, *from, 0, hep3(chunk(16, packed) + chunk(0x11, "after"))));
  const uint32_t broken = rowOf(edit(derivation, *from, 0, hep3(chunk(16, packed.substr(0, 9)))));
  const uint32_t bomb =
      rowOf(edit(derivation, *from, 0, hep3(chunk(16, deflated(std::string(kInflateBound + 1, 'x'))))));
  const Slab& slab = *derivation.open();
  CHECK(octetsOf(slab, slab.record(good).payload) == kInvite);
  CHECK((slab.record(good).flags & kRecordInflated) != 0);
  CHECK(textOf(slab, good, Column::correlation_id) == "after");
  CHECK(octetsOf(slab, slab.record(broken).payload) == packed.substr(0, 9));
  CHECK((slab.record(broken).flags & kRecordInflateFailed) != 0);
  CHECK((slab.record(bomb).flags & kRecordInflateFailed) != 0);
}

TEST_CASE("hostile packets are refused by their fault, cost no room, and are read no octet too far") {
  Received received;
  const auto from = received.slab({sip(kOptions)});
  Derivation derivation(kSmallestSlab, 1);
  const auto faultOf = [&](const std::string& packet) {
    const Derived derived = edit(derivation, *from, 0, packet);
    CHECK(derived.state == Derived::State::refused);
    return derived.fault;
  };
  CHECK(faultOf("") == HepFault::tooShort);
  CHECK(faultOf("HEP3") == HepFault::tooShort);
  CHECK(faultOf(kOptions) == HepFault::badMagic);
  CHECK(faultOf(kV1) == HepFault::badMagic);
  CHECK(faultOf(kV2) == HepFault::badMagic);
  CHECK(faultOf(std::string("HEP3\0\x05", 6)) == HepFault::badLength);
  CHECK(faultOf(hep3(u16(0) + u16(15) + u16(5))) == HepFault::badChunkLength);
  CHECK(faultOf(hep3(chunk(1, u8(2)) + chunk(5, kFrom6))) == HepFault::familyContradiction);
  CHECK(faultOf(sip(kOptions) + std::string(kPacketBound, 'x')) == HepFault::badLength);
  CHECK(derivation.open() == nullptr);
}

TEST_CASE("every start and every flipped octet of a packet makes a row of sound octets or is refused") {
  Received received;
  const auto from = received.slab({sip(kOptions)});
  Derivation derivation(kSmallestSlab, 1);
  const std::string whole =
      sip(kInvite, chunk(0x11, "id") + chunk(101, R"({"sip":"json"})") + chunk(16, deflated(kInvite)));
  size_t rows = 0;
  const auto check = [&](const std::string& packet) {
    const Derived derived = edit(derivation, *from, 0, packet);
    if (derived.state == Derived::State::noRoom) {
      derivation.pool()->release(derivation.seal());
      return;
    }
    if (derived.state != Derived::State::row) return;
    rows++;
    const Slab& slab = *derivation.open();
    const Record& record = slab.record(derived.row);
    const SlabSpan used{0, slab.used()};
    CHECK(octetsOf(slab, record.packet) == packet);
    CHECK(isWithin(record.payload, used));
    CHECK(isWithin(record.correlation, used));
    for (const Span& span : record.sip) CHECK(span.offset + span.length <= record.payload.length);
  };
  for (size_t size = 0; size <= whole.size(); size++) check(whole.substr(0, size));
  for (size_t at = 0; at < whole.size(); at++) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string packet = whole;
      packet[at] = char(packet[at] ^ flip);
      check(packet);
    }
  }
  CHECK(rows > whole.size());
}

TEST_CASE("a copy has the same octets and what was changed; the payload that lies in the packet once") {
  Received received;
  const auto from = received.slab({sip(kInvite, chunk(0x11, "given"))});
  Derivation derivation(kSmallestSlab, 1);
  const std::string texts = custom("one", "", "three\xff");
  const uint32_t row = rowOf(derivation.copy(*from, 0, {Bytes("mine"), uint8_t{200}, Bytes(texts)}));
  const Slab& slab = *derivation.open();
  const Record& record = slab.record(row);
  CHECK(slab.used() == from->record(0).packet.length + 4 + texts.size());
  CHECK(isWithin(record.payload, record.packet));
  CHECK(octetsOf(slab, record.packet) == octetsOf(*from, from->record(0).packet));
  CHECK(octetsOf(slab, record.payload) == kInvite);
  CHECK(record.protocolType == 200);
  CHECK(textOf(slab, row, Column::correlation_id) == "mine");
  CHECK(textOf(slab, row, Column::custom_field1) == "one");
  CHECK(textOf(slab, row, Column::custom_field2) == "");
  CHECK(textOf(slab, row, Column::custom_field3) == "three\xef\xbf\xbd");
  for (size_t i = 0; i < kColumns; i++) {
    const Column column = Column(i);
    if (columnShape(column).kind != ColumnKind::text || column == Column::correlation_id ||
        columnShape(column).name.substr(0, 6) == "custom")
      continue;
    CHECK(textOf(slab, row, column) == textOf(*from, 0, column));
  }
}

TEST_CASE("a copy without changes keeps the correlation id, wherever it stands, and the type") {
  Received received;
  const std::string unescaped = chunk(101, R"({"sip":"a\"b"})");
  const auto from =
      received.slab({sip(kInvite, chunk(0x11, "given")), sip(kInvite), sip(kInvite, unescaped),
                     hep3(chunk(11, u8(1)) + chunk(16, deflated(kInvite))), hep3(chunk(11, u8(5)))});
  Derivation derivation(kSmallestSlab, 1);
  const char* const ids[] = {"given", "new", "a\"b", "new", ""};
  for (uint32_t i = 0; i < from->rows(); i++) {
    const uint32_t row = rowOf(derivation.copy(*from, i, {}));
    const Slab& slab = *derivation.open();
    CHECK(textOf(slab, row, Column::correlation_id) == ids[i]);
    CHECK(octetsOf(slab, slab.record(row).payload) == octetsOf(*from, from->record(i).payload));
    CHECK(octetsOf(slab, slab.record(row).packet) == octetsOf(*from, from->record(i).packet));
    CHECK(slab.record(row).flags == from->record(i).flags);
    CHECK(slab.record(row).protocolType == from->record(i).protocolType);
  }
}

TEST_CASE("a copy of a message off the wire is one as well") {
  Received received;
  CapturedMessage message;
  message.payload = Bytes(kInvite);
  message.timeUs = 5;
  Intake::Session(received.intake).accept(message);
  const auto from = received.slab({});
  Derivation derivation(kSmallestSlab, 1);
  const uint32_t row = rowOf(derivation.copy(*from, 0, {std::nullopt, std::nullopt, Bytes(custom("a"))}));
  const Record& record = derivation.open()->record(row);
  CHECK(record.hepVersion == 0);
  CHECK(octetsOf(*derivation.open(), record.packet) == kInvite);
  CHECK(record.payload.offset == record.packet.offset);
  CHECK(textOf(*derivation.open(), row, Column::callid) == "new");
  CHECK(textOf(*derivation.open(), row, Column::custom_field1) == "a");
}

TEST_CASE("rows of the open slab are edited and copied again, and give on their custom fields") {
  Received received;
  const auto from = received.slab({sip(kOptions)});
  Derivation derivation(kSmallestSlab, 1);
  const std::string texts = custom("a", "b", "c");
  const uint32_t first = rowOf(derivation.copy(*from, 0, {Bytes("mine"), std::nullopt, Bytes(texts)}));
  const Slab& slab = *derivation.open();
  const uint32_t again = rowOf(derivation.copy(slab, first, {}));
  const uint32_t edited = rowOf(edit(derivation, slab, again, hep3(chunk(15, kInvite))));
  const uint32_t last = rowOf(derivation.copy(slab, edited, {std::nullopt, std::nullopt, Bytes()}));
  CHECK(textOf(slab, again, Column::correlation_id) == "mine");
  CHECK(textOf(slab, again, Column::custom_field3) == "c");
  CHECK(textOf(slab, edited, Column::method) == "INVITE");
  CHECK(textOf(slab, edited, Column::correlation_id) == "new");
  CHECK(textOf(slab, edited, Column::custom_field2) == "b");
  CHECK(textOf(slab, last, Column::method) == "INVITE");
  CHECK(textOf(slab, last, Column::custom_field2) == "");
  CHECK(textOf(slab, first, Column::method) == "OPTIONS");
}

TEST_CASE(
    "custom fields are cut to their width, and unfolded with the other texts of a message that has folds") {
  Received received;
  const auto from = received.slab({sip(kInvite)});
  Derivation derivation(kSmallestSlab, 1);
  const std::string texts = custom(std::string(UINT16_MAX, 'x'), "a\r\n b");
  REQUIRE(isCustomFields(Bytes(texts)));
  const uint32_t row = rowOf(derivation.copy(*from, 0, {std::nullopt, std::nullopt, Bytes(texts)}));
  CHECK(textOf(*derivation.open(), row, Column::custom_field1) == std::string(256, 'x'));
  CHECK(textOf(*derivation.open(), row, Column::custom_field2) == "a b");
}

TEST_CASE("what finds no room is refused, and a slab that is released is used again") {
  Received received;
  const auto from = received.slab({sip(kOptions)});
  Derivation derivation(kSmallestSlab, 2);
  const std::string large = sip(kOptions + std::string(60'000, 'x'));
  const auto fill = [&] {
    uint32_t rows = 0;
    while (edit(derivation, *from, 0, large).state == Derived::State::row) rows++;
    return rows;
  };
  const uint32_t rows = fill();
  CHECK(rows > 30);
  CHECK(derivation.open()->rows() == rows);
  const SlabHandle first = derivation.seal();
  CHECK(fill() == rows);
  const SlabHandle second = derivation.seal();
  CHECK(edit(derivation, *from, 0, large).state == Derived::State::noRoom);
  CHECK(derivation.copy(*from, 0, {}).state == Derived::State::noRoom);
  CHECK(derivation.open() == nullptr);
  CHECK(SlabPool::read(second)->rows() == rows);
  CHECK(derivation.pool()->release(first));
  CHECK(fill() == rows);
}

TEST_CASE("an empty slab has room for the largest message there can be") {
  Received received;
  const std::string payload = kOptions + std::string(kInflateBound - kOptions.size(), 'x');
  const auto from =
      received.slab({sip("", chunk(16, deflated(payload)) + chunk(101, std::string(60'000, ' ')))});
  REQUIRE(from->record(0).payload.length == kInflateBound);
  Derivation derivation(kSmallestSlab, 2);
  const std::string id(kPacketBound, 'i');
  std::string texts;
  for (unsigned i = 0; i < kCustomFields; i++) texts += u16(UINT16_MAX) + std::string(UINT16_MAX, 'c');
  CHECK(texts.size() == kCustomBound);
  const uint32_t row = rowOf(derivation.copy(*from, 0, {Bytes(id), std::nullopt, Bytes(texts)}));
  const auto full = SlabPool::read(derivation.seal());
  CHECK(octetsOf(*full, full->record(row).payload) == payload);
  rowOf(edit(derivation, *full, row, octetsOf(*full, full->record(row).packet)));
  CHECK(octetsOf(*derivation.open(), derivation.open()->record(0).custom) == texts);
}

TEST_CASE("a slab has messages of one input") {
  Received received;
  const auto of7 = received.slab({sip(kOptions)});
  Intake other(8, received.pool, received.outbox, {1000, 0});
  const std::string packet = sip(kOptions);
  Intake::Session(other).accept(Bytes(packet), {});
  Intake::Session(other).flush(true);
  const auto of8 = SlabPool::read(received.outbox->takeAll().at(0));
  Derivation derivation(kSmallestSlab, 2);
  rowOf(derivation.copy(*of7, 0, {}));
  CHECK(derivation.copy(*of8, 0, {}).state == Derived::State::noRoom);
  derivation.seal();
  rowOf(derivation.copy(*of8, 0, {}));
  CHECK(derivation.open()->input() == 8);
}

TEST_CASE("the handle of the open slab names nothing before it is sealed, and then the slab") {
  Received received;
  const auto from = received.slab({sip(kOptions)});
  Derivation derivation(kSmallestSlab, 1);
  rowOf(derivation.copy(*from, 0, {}));
  const SlabHandle handle = derivation.openHandle();
  CHECK_FALSE(SlabPool::read(handle));
  CHECK_FALSE(derivation.pool()->release(handle));
  CHECK(derivation.seal() == handle);
  CHECK(SlabPool::read(handle)->rows() == 1);
  CHECK(derivation.pool()->release(handle));
}

TEST_CASE("sealed slabs are read and released by another thread while rows go on being derived") {
  Received received;
  const auto from = received.slab({sip(kInvite)});
  Derivation derivation(kSmallestSlab, 2);
  constexpr int kSlabs = 20;
  Outbox sealed([] {});
  std::thread reader([&] {
    for (int released = 0; released < kSlabs;) {
      for (const SlabHandle handle : sealed.takeAll()) {
        CHECK(textOf(*SlabPool::read(handle), 0, Column::custom_field1) == "a");
        CHECK(derivation.pool()->release(handle));
        released++;
      }
      std::this_thread::yield();
    }
  });
  const std::string texts = custom("a");
  for (int slab = 0; slab < kSlabs;) {
    if (derivation.copy(*from, 0, {std::nullopt, std::nullopt, Bytes(texts)}).state != Derived::State::row) {
      derivation.pool()->waitFree(1000);
      continue;
    }
    sealed.put(derivation.seal());
    slab++;
  }
  reader.join();
}
