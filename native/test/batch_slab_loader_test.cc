// Slabs from the disk: sound ones come back as they were, and no others do, whatever they hold.
#include "batch/slab_loader.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

using namespace hepcapd;

namespace {

constexpr size_t kSlabBytes = 1 << 20;
using Fault = SlabLoader::Fault;

// Octets and records as a slab has them, the first record last.
struct Image {
  std::string octets;
  std::vector<Record> records;

  Bytes recordBytes() const {
    return {reinterpret_cast<const uint8_t*>(records.data()), records.size() * sizeof(Record)};
  }
};

Image imageOf(size_t rows) {
  Image image;
  for (size_t row = 0; row < rows; row++) {
    Record record{};
    record.packet = {uint32_t(image.octets.size()), 16};
    record.payload = {record.packet.offset + 4, 12};
    record.sip[size_t(SipField::method)] = {0, 7};
    record.microTs = int64_t(row);
    image.octets += "HEP3OPTIONS sip:";
    image.records.insert(image.records.begin(), record);
  }
  return image;
}

// Loads an image whose first record was changed; whatever comes of it, the only slab is free afterwards.
Fault faultOf(const std::function<void(Record&)>& change) {
  Image image = imageOf(3);
  change(image.records.back());
  SlabLoader loader(kSlabBytes, 1);
  const Fault fault = loader.load(7, Bytes(image.octets), image.recordBytes());
  if (fault != Fault::none) {
    const Image sound = imageOf(1);
    CHECK(loader.load(7, Bytes(sound.octets), sound.recordBytes()) == Fault::none);
  }
  return fault;
}

}  // namespace

TEST_CASE("what was written is there again: octets, records and their order") {
  const Image image = imageOf(3);
  SlabLoader loader(kSlabBytes, 1);
  REQUIRE(loader.load(7, Bytes(image.octets), image.recordBytes()) == Fault::none);
  const auto slab = SlabPool::read(loader.handle());
  REQUIRE(slab);
  CHECK(slab->input() == 7);
  CHECK(slab->rows() == 3);
  CHECK(slab->used() == image.octets.size());
  for (uint32_t row = 0; row < 3; row++) {
    CHECK(slab->record(row).microTs == row);
    CHECK(slab->bytes(slab->record(row).payload).text() == "OPTIONS sip:");
  }
}

TEST_CASE("without a free slab there is no room, and later there is") {
  const Image image = imageOf(1);
  SlabLoader loader(kSlabBytes, 1);
  REQUIRE(loader.load(7, Bytes(image.octets), image.recordBytes()) == Fault::none);
  const SlabHandle first = loader.handle();
  CHECK(loader.load(7, Bytes(image.octets), image.recordBytes()) == Fault::no_room);
  {
    auto reader = SlabPool::read(first);
    CHECK(reader.pool()->release(first));
  }
  CHECK(loader.load(7, Bytes(image.octets), image.recordBytes()) == Fault::none);
  CHECK(loader.handle() != first);
}

TEST_CASE("records that point out of their octets are damaged") {
  CHECK(faultOf([](Record&) {}) == Fault::none);
  for (SlabSpan Record::*span : {&Record::packet, &Record::payload, &Record::correlation, &Record::custom}) {
    CHECK(faultOf([&](Record& r) { r.*span = {0, 49}; }) == Fault::damaged);
    CHECK(faultOf([&](Record& r) { r.*span = {49, 0}; }) == Fault::damaged);
    CHECK(faultOf([&](Record& r) { r.*span = {UINT32_MAX, 1}; }) == Fault::damaged);
    CHECK(faultOf([&](Record& r) { r.*span = {1, UINT32_MAX}; }) == Fault::damaged);
  }
  CHECK(faultOf([](Record& r) { r.payload = {36, 12}; }) == Fault::none);
  for (size_t field = 0; field < kSipFields; field++) {
    CHECK(faultOf([&](Record& r) { r.sip[field] = {0, 12}; }) == Fault::none);
    CHECK(faultOf([&](Record& r) { r.sip[field] = {1, 12}; }) == Fault::damaged);
    CHECK(faultOf([&](Record& r) { r.sip[field] = {65535, 65535}; }) == Fault::damaged);
  }
}

TEST_CASE("families and custom fields that no message has are damaged") {
  for (uint8_t Record::*family :
       {&Record::sourceFamily, &Record::destinationFamily, &Record::senderFamily, &Record::receiverFamily}) {
    CHECK(faultOf([&](Record& r) { r.*family = 10; }) == Fault::none);
    CHECK(faultOf([&](Record& r) { r.*family = 3; }) == Fault::damaged);
  }
  CHECK(faultOf([](Record& r) { r.custom = {0, 16}; }) == Fault::damaged);
}

TEST_CASE("no records, a part of one, and more than a slab holds are damaged") {
  const Image image = imageOf(2);
  SlabLoader loader(kSlabBytes, 1);
  const Bytes records = image.recordBytes();
  CHECK(loader.load(7, Bytes(image.octets), {}) == Fault::damaged);
  CHECK(loader.load(7, Bytes(image.octets), records.first(records.size - 1)) == Fault::damaged);
  CHECK(loader.load(7, Bytes(std::string(kSlabBytes, 'x')), records) == Fault::damaged);
  CHECK(loader.load(7, Bytes(image.octets), records) == Fault::none);
}
