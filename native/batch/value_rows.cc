#include "value_rows.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "../base/utf8.h"

namespace hepcapd {
namespace {

constexpr int64_t kMicros = 1'000'000;
// Its length or its number, beside the octets themselves.
constexpr size_t kValueHead = 9;
constexpr uint32_t kReplacement = 0xfffd;

int64_t secondOf(int64_t us) { return us / kMicros - (us % kMicros < 0 ? 1 : 0); }
bool isStart(uint8_t octet) { return (octet & 0xc0) != 0x80; }

bool isAscii(Bytes text) {
  uint8_t all = 0;
  for (const uint8_t octet : text) all |= octet;
  return all < 0x80;
}

// The longest start of clean UTF-8 that has at most `limit` characters.
Bytes firstCharacters(Bytes text, size_t limit) {
  if (text.size <= limit) return text;
  size_t at = 0;
  for (size_t characters = 0; at < text.size; at++) {
    if (isStart(text[at]) && characters++ == limit) break;
  }
  return text.first(at);
}

// Of clean UTF-8: a character of four octets is two units.
uint32_t utf16Units(Bytes text) {
  if (isAscii(text)) return uint32_t(text.size);
  uint32_t units = 0;
  for (const uint8_t octet : text) units += uint32_t(isStart(octet)) + uint32_t(octet >= 0xf0);
  return units;
}

// The character that begins at `at` in clean UTF-8, which is moved behind it.
uint32_t nextCodePoint(const uint8_t*& at) {
  const uint8_t first = *at++;
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  uint32_t codePoint = first & (0x3fu >> more);
  for (int i = 0; i < more; i++) codePoint = codePoint << 6 | (*at++ & 0x3fu);
  return codePoint;
}

bool isIn(uint32_t codePoint, uint32_t last) {
  const bool isControl = last == 0xff && codePoint >= 0x80 && codePoint < 0xa0;
  return codePoint <= last && !isControl;
}

class Values {
 public:
  Values(const Slab& slab, Bytes node, const std::vector<ValueColumn>& columns)
      : slab_(slab), reader_(slab, node), columns_(columns) {
    out_.filled.resize(columns.size());
  }

  void row(uint32_t number) {
    record_ = &slab_.record(number);
    reader_.go(number);
    for (size_t i = 0; i < columns_.size(); i++) out_.filled[i] |= uint8_t(value(columns_[i]));
    out_.rows++;
    out_.octets += columns_.size() * kValueHead;
  }
  size_t octets() const { return out_.octets; }
  RowValues take() {
    out_.counts.cut += reader_.cutCount();
    out_.counts.cleaned += reader_.cleanedCount();
    out_.counts.arrivals += reader_.arrivalCount();
    return std::move(out_);
  }

 private:
  // False for an empty text, and for 0.
  bool value(const ValueColumn& column) {
    switch (column.type) {
      case ValueType::text:
        return text(column);
      case ValueType::int32:
        out_.int32s.push_back(int32_t(number(column)));
        return out_.int32s.back() != 0;
      case ValueType::int64:
        out_.int64s.push_back(number(column));
        return out_.int64s.back() != 0;
      case ValueType::octets:
        octets(column);
        return true;
      case ValueType::time:
        return append(timeText(column));
    }
    return true;
  }

  bool append(Bytes text) {
    out_.text.append(reinterpret_cast<const char*>(text.data), text.size);
    units_ += utf16Units(text);
    out_.ends.push_back(units_);
    out_.octets += text.size;
    return text.size > 0;
  }

  bool text(const ValueColumn& column) {
    Bytes text = cleanText(column.from);
    if (column.lastCodePoint < kLastCodePoint && !isAscii(text)) text = inCharacterSet(text, column);
    const size_t whole = text.size;
    if (column.characters > 0) text = firstCharacters(text, column.characters);
    if (column.octets > 0) text = cutUtf8(text, column.octets);
    if (text.size < whole) out_.counts.cut++;
    return append(text);
  }

  Bytes cleanText(Column column) {
    switch (columnShape(column).kind) {
      case ColumnKind::text:
        return reader_.text(column).bytes;
      case ColumnKind::octets:
        return cleaned(reader_.msg());
      case ColumnKind::integer:
        break;
    }
    const auto end = std::to_chars(digits_, digits_ + sizeof digits_, reader_.integer(column)).ptr;
    return Bytes(std::string_view(digits_, size_t(end - digits_)));
  }

  Bytes cleaned(Bytes octets) {
    if (isCleanUtf8(octets)) return octets;
    out_.counts.cleaned++;
    clean_.resize(octets.size * 3);
    return {clean_.data(), cleanUtf8(octets, clean_.data())};
  }

  // Characters that the set lacks are U+FFFD, or a question mark where it lacks that too.
  Bytes inCharacterSet(Bytes text, const ValueColumn& column) {
    const std::string_view instead = isIn(kReplacement, column.lastCodePoint) ? "\xef\xbf\xbd" : "?";
    narrow_.clear();
    bool isSame = true;
    for (const uint8_t* at = text.begin(); at < text.end();) {
      const uint8_t* const from = at;
      const bool isHeld = isIn(nextCodePoint(at), column.lastCodePoint);
      isSame &= isHeld;
      if (isHeld)
        narrow_.append(reinterpret_cast<const char*>(from), size_t(at - from));
      else
        narrow_ += instead;
    }
    if (!isSame) out_.counts.cleaned++;
    return Bytes(std::string_view(narrow_));
  }

  void octets(const ValueColumn& column) {
    uint32_t length = record_->payload.length;
    if (column.octets > 0 && length > column.octets) {
      length = column.octets;
      out_.counts.cut++;
    }
    out_.spans.push_back(record_->payload.offset);
    out_.spans.push_back(length);
    out_.octets += length;
  }

  int64_t number(const ValueColumn& column) {
    const int64_t value =
        column.from == Column::date ? secondOf(record_->microTs) : reader_.integer(column.from);
    const int64_t held = std::clamp(value, column.least, column.most);
    if (held != value) out_.counts.clamped++;
    return held;
  }

  Bytes timeText(const ValueColumn& column) {
    const int64_t us = timeWithin(column.least, column.most);
    const int64_t second = secondOf(us);
    if (second != timeSecond_) {
      const time_t time = time_t(second);
      tm utc;
      ::gmtime_r(&time, &utc);
      std::snprintf(time_, sizeof time_, "%04d-%02d-%02d %02d:%02d:%02d", utc.tm_year + 1900, utc.tm_mon + 1,
                    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
      timeSecond_ = second;
      timeSize_ = std::strlen(time_);
    }
    if (!column.hasMicros) return Bytes(std::string_view(time_, timeSize_));
    std::snprintf(micros_, sizeof micros_, "%s.%06d", time_, int(us - second * kMicros));
    return Bytes(std::string_view(micros_));
  }

  // The packet's time, else its arrival's, else the nearest to that: whose second the column can hold.
  int64_t timeWithin(int64_t least, int64_t most) {
    const auto holds = [&](int64_t us) { return secondOf(us) >= least && secondOf(us) <= most; };
    if (holds(record_->microTs)) return record_->microTs;
    out_.counts.arrivals++;
    if (holds(record_->arrivalUs)) return record_->arrivalUs;
    return std::clamp(secondOf(record_->arrivalUs), least, most) * kMicros;
  }

  const Slab& slab_;
  RowReader reader_;
  const std::vector<ValueColumn>& columns_;
  const Record* record_ = nullptr;
  RowValues out_;
  uint32_t units_ = 0;
  std::vector<uint8_t> clean_;
  std::string narrow_;
  int64_t timeSecond_ = std::numeric_limits<int64_t>::min();
  size_t timeSize_ = 0;
  char time_[80];
  char micros_[96];
  char digits_[24];
};

}  // namespace

RowValues valuesOf(const Slab& slab, const std::vector<uint32_t>& rows, Bytes node,
                   const std::vector<ValueColumn>& columns, size_t octets) {
  Values values(slab, node, columns);
  for (const uint32_t row : rows) {
    values.row(row);
    if (values.octets() >= octets) break;
  }
  return values.take();
}

}  // namespace hepcapd
