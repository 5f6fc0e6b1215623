// Rows of a slab in ClickHouse's RowBinary: the values of each row one behind the other, nothing between
// them.
//
//      row       value of column 0 | value of column 1 | ...
//      String    length (LEB128) | octets            FixedString(n)   octets, NULs up to n
//      numbers   little-endian                       Nullable(T)      0 | T
//
// The same rows give the same octets, always: a table that drops repeated blocks knows them by that.
// https://clickhouse.com/docs/interfaces/formats/RowBinary
#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "columns.h"

namespace hepcapd {

// X(name of the type in ClickHouse): in an order that only napi/row_binary.cc knows too.
#define HEPCAPD_ROW_BINARY_TYPES(X) \
  X(String)                         \
  X(FixedString)                    \
  X(UInt8)                          \
  X(UInt16)                         \
  X(UInt32)                         \
  X(UInt64)                         \
  X(Int8)                           \
  X(Int16)                          \
  X(Int32)                          \
  X(Int64)                          \
  X(Date)                           \
  X(DateTime)                       \
  X(DateTime64)

enum class RowBinaryType : uint8_t {
#define X(name) name,
  HEPCAPD_ROW_BINARY_TYPES(X)
#undef X
};

struct RowBinaryColumn {
  Column from;
  RowBinaryType type;
  bool isNullable = false;
  // Octets of a FixedString, decimal places of a DateTime64.
  uint32_t size = 0;
};

// Values that are not what the message has.
struct RowBinaryCounts {
  uint64_t cut = 0;       // to their width
  uint64_t cleaned = 0;   // to UTF-8
  uint64_t clamped = 0;   // to the nearest number that the column holds
  uint64_t arrivals = 0;  // dates that the column cannot hold, or that are outside of the window
};

// Around a message's arrival, in microseconds.
struct DateWindow {
  int64_t back;
  int64_t ahead;
};

// Memory that somebody else owns, and that may be written over.
struct Room {
  uint8_t* octets = nullptr;
  size_t size = 0;
};

struct RowBinary {
  struct Free {
    void operator()(uint8_t* octets) const { std::free(octets); }
  };
  std::unique_ptr<uint8_t, Free> octets;  // none: they found place in the room
  size_t capacity = 0;                    // of them, more than the rows take
  size_t size = 0;
  RowBinaryCounts counts;
};

// Every row number is below slab.rows(). With a window the date of a message outside of it is that of its
// arrival. Throws std::bad_alloc.
RowBinary encodeRowBinary(const Slab& slab, const std::vector<uint32_t>& rows, Bytes node,
                          const std::vector<RowBinaryColumn>& columns, Room room = {},
                          std::optional<DateWindow> window = {});

}  // namespace hepcapd
