// Rows of a slab as values for a driver of JavaScript's: all texts of many rows in one piece, behind one
// another, numbers in typed columns, payloads as places in the slab. A string for each value is what costs.
//
// What a column cannot hold is made to fit here, and counted: never the server's to refuse.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "columns.h"

namespace hepcapd {

// X(name): how a value is given. `octets` is of a column of kind octets alone.
#define HEPCAPD_VALUE_TYPES(X) \
  X(text)                      \
  X(int32)                     \
  X(int64)                     \
  X(octets)                    \
  X(time)

enum class ValueType : uint8_t {
#define X(name) name,
  HEPCAPD_VALUE_TYPES(X)
#undef X
};

inline constexpr uint32_t kLastCodePoint = 0x10ffff;

struct ValueColumn {
  Column from;
  ValueType type;
  // Of a text or octets; 0: as many as it has.
  uint32_t characters = 0;
  uint32_t octets = 0;
  // Of a text: what its character set has up to here; 0xff is Windows-1252 as the servers' "latin1".
  uint32_t lastCodePoint = kLastCodePoint;
  // Of a number, or the seconds of a time.
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
  // Of a time: it has microseconds, and not only seconds.
  bool hasMicros = false;
};

// Values that are not what the message has.
struct RowValueCounts {
  uint64_t cut = 0;       // to their width
  uint64_t cleaned = 0;   // to the characters of the column
  uint64_t clamped = 0;   // to the nearest number that the column holds
  uint64_t arrivals = 0;  // times that the column cannot hold: the arrival stands there
};

// Row by row; within a row in the order of the columns.
struct RowValues {
  size_t rows = 0;
  size_t octets = 0;           // of all values, about
  std::string text;            // UTF-8
  std::vector<uint32_t> ends;  // of each text, in units of UTF-16
  std::vector<int32_t> int32s;
  std::vector<int64_t> int64s;
  std::vector<uint32_t> spans;  // offset in the slab, length
  std::vector<uint8_t> filled;  // of each column, 0: none of these rows has a text there, or a number but 0
  RowValueCounts counts;
};

// The first of these rows that together have about `octets` at most, one at least. Every row number is below
// slab.rows().
RowValues valuesOf(const Slab& slab, const std::vector<uint32_t>& rows, Bytes node,
                   const std::vector<ValueColumn>& columns, size_t octets);

}  // namespace hepcapd
