// What the SQLite table of slab rows (rows_table.cc) counts.
#pragma once

#include <cstdint>

namespace hepcapd {

// Over all rows that the process ever put into SQLite.
struct ValueCounts {
  uint64_t cut;       // values cut to the width of their column
  uint64_t cleaned;   // texts that were no clean UTF-8
  uint64_t arrivals;  // dates that are the arrival's, because the column cannot hold the packet's
};
ValueCounts rowsTableCounts();

}  // namespace hepcapd
