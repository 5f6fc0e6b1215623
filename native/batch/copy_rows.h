// Rows of a slab as PostgreSQL's COPY FROM STDIN (FORMAT binary) takes them, in messages of its protocol.
//
//      CopyData   'd' | int32 length | tuple | tuple | ...       the length counts itself, not the 'd'
//      tuple      int16 number of fields | field | field | ...
//      field      int32 number of octets, or -1 for NULL | octets
//
// All numbers are big-endian. https://www.postgresql.org/docs/15/sql-copy.html ("Binary Format"), and
// protocol-message-formats.html
#pragma once

#include <string>
#include <vector>

#include "columns.h"

namespace hepcapd {

// X(name): how a field is written. `timestamp` with or without time zone is the same; `constant` is of no
// column of ours.
#define HEPCAPD_COPY_TYPES(X) \
  X(text)                     \
  X(bytea)                    \
  X(int2)                     \
  X(int4)                     \
  X(int8)                     \
  X(float4)                   \
  X(float8)                   \
  X(timestamp)                \
  X(date)                     \
  X(json)                     \
  X(jsonb)                    \
  X(constant)

enum class CopyType : uint8_t {
#define X(name) name,
  HEPCAPD_COPY_TYPES(X)
#undef X
};

struct CopyColumn {
  Column from;
  CopyType type;
  // Characters that a text may have; 0: as many as it has.
  uint32_t size = 0;
  // Of a constant.
  std::string octets = {};
};

// Values that are not what the message has.
struct CopyCounts {
  uint64_t cut = 0;       // to their width
  uint64_t cleaned = 0;   // to UTF-8
  uint64_t clamped = 0;   // to the nearest number that the column holds
  uint64_t arrivals = 0;  // times that the column cannot hold: the arrival stands there
};

// One CopyData message at the start of a room.
struct CopyMessage {
  size_t rows = 0;    // that found room, from the first
  size_t size = 0;    // octets of the message; 0 without rows
  size_t wanted = 0;  // without rows: room that the first one may need
  CopyCounts counts;
};

// Memory that somebody else owns, and that is written over.
struct CopyRoom {
  uint8_t* octets;
  size_t size;
};

// Every row number is below slab.rows().
CopyMessage encodeCopyRows(const Slab& slab, const std::vector<uint32_t>& rows, Bytes node,
                           const std::vector<CopyColumn>& columns, CopyRoom room);

}  // namespace hepcapd
