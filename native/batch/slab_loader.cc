#include "slab_loader.h"

#include <cstring>

#include "custom_fields.h"

namespace hepcapd {
namespace {

bool isWithin(SlabSpan span, size_t octets) {
  return span.offset <= octets && span.length <= octets - span.offset;
}

bool isFamily(uint8_t family) {
  return family == uint8_t(Family::none) || family == uint8_t(Family::ipv4) ||
         family == uint8_t(Family::ipv6);
}

bool isSound(const Record& record, Bytes octets) {
  for (const SlabSpan span : {record.packet, record.payload, record.correlation, record.custom}) {
    if (!isWithin(span, octets.size)) return false;
  }
  for (const Span& span : record.sip) {
    if (size_t(span.offset) + span.length > record.payload.length) return false;
  }
  for (const uint8_t family :
       {record.sourceFamily, record.destinationFamily, record.senderFamily, record.receiverFamily}) {
    if (!isFamily(family)) return false;
  }
  return isCustomFields(octets.from(record.custom.offset).first(record.custom.length));
}

bool areSound(Bytes records, Bytes octets) {
  for (size_t at = 0; at < records.size; at += sizeof(Record)) {
    Record record;
    std::memcpy(&record, records.data + at, sizeof record);
    if (!isSound(record, octets)) return false;
  }
  return true;
}

}  // namespace

SlabLoader::Fault SlabLoader::load(uint32_t input, Bytes octets, Bytes records) {
  if (records.size == 0 || records.size % sizeof(Record) != 0) return Fault::damaged;
  if (!areSound(records, octets)) return Fault::damaged;
  Slab* slab = pool_->acquire(input);
  if (!slab) return Fault::no_room;
  const size_t rows = records.size / sizeof(Record);
  if (octets.size + records.size > slab->capacity()) {
    pool_->release(pool_->seal(slab));
    return Fault::damaged;
  }
  if (!octets.empty()) std::memcpy(slab->tail(), octets.data, octets.size);
  for (size_t row = 0; row < rows; row++) {
    std::memcpy(&slab->nextRecord(), records.end() - (row + 1) * sizeof(Record), sizeof(Record));
    slab->commit(row == 0 ? octets.size : 0);
  }
  handle_ = pool_->seal(slab);
  return Fault::none;
}

}  // namespace hepcapd
