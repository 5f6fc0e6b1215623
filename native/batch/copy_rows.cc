#include "copy_rows.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "../base/utf8.h"

namespace hepcapd {
namespace {

constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kDaySeconds = 86'400;
// PostgreSQL counts from 2000-01-01.
constexpr int64_t kEpochSeconds = 946'684'800;
// 4714-11-24 BC, in microseconds of ours: the first time of PostgreSQL's. Its last one is behind our last.
constexpr int64_t kFirstTime = -210'866'803'200 * kMicros;
constexpr size_t kMessageHead = 5;
constexpr size_t kFieldHead = 4;
// Of a number in digits, and of a date as text of whatever year.
constexpr size_t kMadeText = 80;

int64_t secondOf(int64_t us) { return us / kMicros - (us % kMicros < 0 ? 1 : 0); }
int64_t dayOf(int64_t second) { return second / kDaySeconds - (second % kDaySeconds < 0 ? 1 : 0); }

bool isText(CopyType type) {
  return type == CopyType::text || type == CopyType::json || type == CopyType::jsonb;
}

// The longest start of clean UTF-8 that has at most `limit` characters.
Bytes firstCharacters(Bytes text, size_t limit) {
  if (text.size <= limit) return text;
  size_t at = 0;
  for (size_t characters = 0; at < text.size; at++) {
    const bool isStart = (text[at] & 0xc0) != 0x80;
    if (isStart && characters++ == limit) break;
  }
  return text.first(at);
}

class CopyEncoder {
 public:
  CopyEncoder(const Slab& slab, Bytes node, const std::vector<CopyColumn>& columns, CopyRoom room)
      : slab_(slab), reader_(slab, node), columns_(columns), room_(room) {
    for (const CopyColumn& column : columns) {
      fixedBound_ += kFieldHead + fixedOctets(column);
      payloads_ += payloadTimes(column);
    }
  }

  CopyMessage encode(const std::vector<uint32_t>& rows) {
    CopyMessage message;
    size_ = kMessageHead;
    for (const uint32_t number : rows) {
      const size_t most = mostOctets(number);
      if (size_ > room_.size || most > room_.size - size_) {
        message.wanted = size_ + most;
        break;
      }
      row(number);
      message.rows++;
    }
    if (message.rows == 0) return message;
    room_.octets[0] = 'd';
    writeNumber(1, size_ - 1, 4);
    message.size = size_;
    message.wanted = 0;
    message.counts = counts_;
    message.counts.cut += reader_.cutCount();
    message.counts.cleaned += reader_.cleanedCount();
    message.counts.arrivals += reader_.arrivalCount();
    return message;
  }

 private:
  // What a field may take beside the payload.
  static size_t fixedOctets(const CopyColumn& column) {
    if (column.type == CopyType::constant) return column.octets.size();
    if (columnShape(column.from).kind != ColumnKind::text) return kMadeText;
    return std::max<size_t>(columnShape(column.from).width, kMadeText) + 1;
  }
  // How often the payload may stand in a field: cleaning makes three octets of one.
  static size_t payloadTimes(const CopyColumn& column) {
    if (column.type == CopyType::constant || columnShape(column.from).kind != ColumnKind::octets) return 0;
    return isText(column.type) ? 3 : 1;
  }
  size_t mostOctets(uint32_t number) const {
    return fixedBound_ + 2 + payloads_ * slab_.record(number).payload.length;
  }

  void row(uint32_t number) {
    record_ = &slab_.record(number);
    reader_.go(number);
    put(columns_.size(), 2);
    for (const CopyColumn& column : columns_) field(column);
  }

  void field(const CopyColumn& column) {
    switch (column.type) {
      case CopyType::text:
      case CopyType::json:
      case CopyType::jsonb:
        return text(column);
      case CopyType::bytea:
        return octets(octetsOf(column.from));
      case CopyType::int2:
        return integer<int16_t>(column.from);
      case CopyType::int4:
        return integer<int32_t>(column.from);
      case CopyType::int8:
        return integer<int64_t>(column.from);
      case CopyType::float4:
        return fixed(std::bit_cast<uint32_t>(float(integerOf(column.from))), 4);
      case CopyType::float8:
        return fixed(std::bit_cast<uint64_t>(double(integerOf(column.from))), 8);
      case CopyType::timestamp:
        return timestamp(column.from);
      case CopyType::date:
        return fixed(uint64_t(dayOf(secondOf(timeHeld()) - kEpochSeconds)), 4);
      case CopyType::constant:
        return octets(Bytes(std::string_view(column.octets)));
    }
  }

  // The field's head is written when the text stands behind it.
  void text(const CopyColumn& column) {
    const size_t head = size_;
    size_ += kFieldHead;
    if (column.type == CopyType::jsonb) put(1, 1);  // version
    const size_t start = size_;
    append(column);
    Bytes written(room_.octets + start, size_ - start);
    if (written.empty() && column.type != CopyType::text) {  // no text is no JSON
      size_ = head + kFieldHead;
      return writeNumber(head, UINT32_MAX, 4);
    }
    if (column.size > 0) cut(start, firstCharacters(written, column.size).size);
    writeNumber(head, size_ - head - kFieldHead, 4);
  }
  void cut(size_t start, size_t kept) {
    if (size_ - start == kept) return;
    counts_.cut++;
    size_ = start + kept;
  }
  void append(const CopyColumn& column) {
    const Bytes octets = octetsOf(column.from);
    if (columnShape(column.from).kind == ColumnKind::octets && !isCleanUtf8(octets)) {
      counts_.cleaned++;
      size_ += cleanUtf8(octets, room_.octets + size_);
      return;
    }
    copy(octets);
  }

  Bytes octetsOf(Column column) {
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

  int64_t integerOf(Column column) {
    return column == Column::date ? secondOf(record_->microTs) : reader_.integer(column);
  }
  template <typename T>
  void integer(Column column) {
    const int64_t value = integerOf(column);
    const int64_t held =
        std::clamp<int64_t>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    if (held != value) counts_.clamped++;
    fixed(uint64_t(held), sizeof(T));
  }

  // Microseconds of the packet, else of its arrival, else none.
  int64_t timeHeld() {
    if (record_->microTs >= kFirstTime) return record_->microTs;
    counts_.arrivals++;
    return record_->arrivalUs >= kFirstTime ? record_->arrivalUs : 0;
  }
  // `date` has seconds, the column of microseconds all that there is.
  void timestamp(Column column) {
    const int64_t us = timeHeld();
    const int64_t shown = column == Column::date ? secondOf(us) * kMicros : us;
    fixed(uint64_t(shown - kEpochSeconds * kMicros), 8);
  }

  void octets(Bytes value) {
    put(value.size, kFieldHead);
    copy(value);
  }
  void fixed(uint64_t value, unsigned octets) {
    put(octets, kFieldHead);
    put(value, octets);
  }
  void put(uint64_t value, unsigned octets) {
    writeNumber(size_, value, octets);
    size_ += octets;
  }
  void copy(Bytes value) {
    if (!value.empty()) std::memcpy(room_.octets + size_, value.data, value.size);
    size_ += value.size;
  }
  void writeNumber(size_t at, uint64_t value, unsigned octets) {
    for (unsigned i = 0; i < octets; i++) room_.octets[at + i] = uint8_t(value >> (8 * (octets - 1 - i)));
  }

  const Slab& slab_;
  RowReader reader_;
  const std::vector<CopyColumn>& columns_;
  CopyRoom room_;
  size_t size_ = 0;
  size_t fixedBound_ = 0;
  size_t payloads_ = 0;
  CopyCounts counts_;
  const Record* record_ = nullptr;
  char digits_[24];
};

}  // namespace

CopyMessage encodeCopyRows(const Slab& slab, const std::vector<uint32_t>& rows, Bytes node,
                           const std::vector<CopyColumn>& columns, CopyRoom room) {
  return CopyEncoder(slab, node, columns, room).encode(rows);
}

}  // namespace hepcapd
