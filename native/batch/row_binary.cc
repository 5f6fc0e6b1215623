#include "row_binary.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <new>

#include "../base/utf8.h"

namespace hepcapd {
namespace {

constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kDaySeconds = 86'400;
constexpr unsigned kDateTime64Places = 9;
// Of DateTime: the last of its 32 bits are beyond the calendar of old servers, which show the year 1970.
constexpr int64_t kLastDateTime = 0xffff'ffff - kDaySeconds;
// What DateTime64 holds, in seconds: the years 1900 to 2261, for nine decimal places too.
constexpr int64_t kFirstSecond = -2'208'988'800;
constexpr int64_t kLastSecond = 9'214'646'399;

int64_t secondOf(int64_t us) { return us / kMicros - (us % kMicros < 0 ? 1 : 0); }

int64_t powerOf10(unsigned exponent) {
  int64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

// Begins in the room that it is given; grows by half. The kernel moves the pages of what is large.
class Output {
 public:
  // `expected` is what the rows may take: the first memory of its own is as large.
  Output(Room room, size_t expected) : expected_(expected), at_(room.octets), capacity_(room.size) {}

  void octet(uint8_t value) {
    room(1);
    at_[size_++] = value;
  }
  void append(Bytes octets) {
    if (octets.empty()) return;
    room(octets.size);
    std::memcpy(at_ + size_, octets.data, octets.size);
    size_ += octets.size;
  }
  void zeros(size_t count) {
    room(count);
    std::memset(at_ + size_, 0, count);
    size_ += count;
  }
  void length(size_t value) {
    for (; value >= 0x80; value >>= 7) octet(uint8_t(value | 0x80));
    octet(uint8_t(value));
  }
  void number(uint64_t value, unsigned octets) {
    room(octets);
    for (unsigned i = 0; i < octets; i++) at_[size_ + i] = uint8_t(value >> (8 * i));
    size_ += octets;
  }
  RowBinary take(RowBinaryCounts counts) { return {std::move(owner_), capacity_, size_, counts}; }

 private:
  void room(size_t more) {
    if (more > capacity_ - size_) grow(std::max({size_ + more, capacity_ + capacity_ / 2, expected_}));
  }
  void grow(size_t capacity) {
    void* moved = std::realloc(owner_.get(), capacity);
    if (!moved) throw std::bad_alloc();
    if (!owner_ && size_ > 0) std::memcpy(moved, at_, size_);
    owner_.release();  // realloc() has freed it, or moved nothing
    at_ = static_cast<uint8_t*>(moved);
    owner_.reset(at_);
    capacity_ = capacity;
  }

  const size_t expected_;
  std::unique_ptr<uint8_t, RowBinary::Free> owner_;
  uint8_t* at_;
  size_t size_ = 0;
  size_t capacity_;
};

class Encoder {
 public:
  Encoder(const Slab& slab, Bytes node, std::optional<DateWindow> window, Room room, size_t expected)
      : slab_(slab), reader_(slab, node), window_(window), out_(room, expected) {}

  void row(uint32_t number, const std::vector<RowBinaryColumn>& columns) {
    record_ = &slab_.record(number);
    reader_.go(number);
    for (const RowBinaryColumn& column : columns) {
      if (column.isNullable) out_.octet(0);
      value(column);
    }
  }
  RowBinary take() {
    counts_.cut += reader_.cutCount();
    counts_.cleaned += reader_.cleanedCount();
    return out_.take(counts_);
  }

 private:
  void value(const RowBinaryColumn& column) {
    switch (column.type) {
      case RowBinaryType::String: {
        const Bytes text = textOf(column.from);
        out_.length(text.size);
        return out_.append(text);
      }
      case RowBinaryType::FixedString:
        return fixed(column);
      case RowBinaryType::UInt8:
        return integer<uint8_t>(column.from);
      case RowBinaryType::UInt16:
        return integer<uint16_t>(column.from);
      case RowBinaryType::UInt32:
        return integer<uint32_t>(column.from);
      case RowBinaryType::UInt64:
        return out_.number(uint64_t(clamped(column.from, 0, std::numeric_limits<int64_t>::max())), 8);
      case RowBinaryType::Int8:
        return integer<int8_t>(column.from);
      case RowBinaryType::Int16:
        return integer<int16_t>(column.from);
      case RowBinaryType::Int32:
        return integer<int32_t>(column.from);
      case RowBinaryType::Int64:
        return out_.number(uint64_t(integerOf(column.from)), 8);
      case RowBinaryType::Date:
        return out_.number(
            uint64_t(secondOf(timeWithin(column.from, 0, 65'536 * kDaySeconds - 1)) / kDaySeconds), 2);
      case RowBinaryType::DateTime:
        return out_.number(uint64_t(secondOf(timeWithin(column.from, 0, kLastDateTime))), 4);
      case RowBinaryType::DateTime64:
        return ticks(column);
    }
  }

  Bytes textOf(Column column) {
    switch (columnShape(column).kind) {
      case ColumnKind::text:
        return reader_.text(column).bytes;
      case ColumnKind::octets:
        return reader_.msg();
      case ColumnKind::integer:
        break;
    }
    const auto end = std::to_chars(digits_, digits_ + sizeof digits_, reader_.integer(column)).ptr;
    return Bytes(std::string_view(digits_, size_t(end - digits_)));
  }

  void fixed(const RowBinaryColumn& column) {
    Bytes text = textOf(column.from);
    if (text.size > column.size) {
      counts_.cut++;
      text = columnShape(column.from).kind == ColumnKind::text ? cutUtf8(text, column.size)
                                                               : text.first(column.size);
    }
    out_.append(text);
    out_.zeros(column.size - text.size);
  }

  int64_t integerOf(Column column) {
    return column == Column::date ? secondOf(record_->microTs) : reader_.integer(column);
  }
  int64_t clamped(Column column, int64_t least, int64_t most) {
    const int64_t value = integerOf(column);
    const int64_t held = std::clamp(value, least, most);
    if (held != value) counts_.clamped++;
    return held;
  }
  template <typename T>
  void integer(Column column) {
    const int64_t held = clamped(column, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    out_.number(uint64_t(held), sizeof(T));
  }

  // Microseconds of the packet, else of its arrival, else none: whose second the column can hold.
  int64_t timeWithin(Column column, int64_t firstSecond, int64_t lastSecond) {
    const auto holds = [&](int64_t us) { return secondOf(us) >= firstSecond && secondOf(us) <= lastSecond; };
    const bool isOutside = column == Column::date && window_ && !isInside();
    if (holds(record_->microTs) && !isOutside) return record_->microTs;
    counts_.arrivals++;
    return holds(record_->arrivalUs) ? record_->arrivalUs : 0;
  }

  // Times have all 64 bits: no sum of them may overflow.
  bool isInside() const {
    const auto distance = [](int64_t from, int64_t to) { return uint64_t(to) - uint64_t(from); };
    const int64_t own = record_->microTs;
    const int64_t arrival = record_->arrivalUs;
    return own <= arrival ? distance(own, arrival) <= uint64_t(window_->back)
                          : distance(arrival, own) <= uint64_t(window_->ahead);
  }

  void ticks(const RowBinaryColumn& column) {
    const unsigned places = std::min(column.size, kDateTime64Places);
    const int64_t us = timeWithin(column.from, kFirstSecond, kLastSecond);
    const int64_t second = secondOf(us);
    const int64_t micros = us - second * kMicros;
    const int64_t part = places > 6 ? micros * powerOf10(places - 6) : micros / powerOf10(6 - places);
    out_.number(uint64_t(second * powerOf10(places) + part), 8);
  }

  const Slab& slab_;
  RowReader reader_;
  const std::optional<DateWindow> window_;
  Output out_;
  RowBinaryCounts counts_;
  const Record* record_ = nullptr;
  char digits_[24];
};

// A little more than most rows need: memory that is not touched costs nothing.
size_t expectedOctets(const Slab& slab, const std::vector<uint32_t>& rows) {
  constexpr size_t kBesidePayload = 1024;
  size_t octets = 64;
  for (const uint32_t row : rows) octets += slab.record(row).payload.length * 2 + kBesidePayload;
  return octets;
}

}  // namespace

RowBinary encodeRowBinary(const Slab& slab, const std::vector<uint32_t>& rows, Bytes node,
                          const std::vector<RowBinaryColumn>& columns, Room room,
                          std::optional<DateWindow> window) {
  Encoder encoder(slab, node, window, room, expectedOctets(slab, rows));
  for (const uint32_t row : rows) encoder.row(row, columns);
  return encoder.take();
}

}  // namespace hepcapd
