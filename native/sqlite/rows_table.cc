// The rows of a slab as a SQLite table: hepcapd_rows(slab, rows, node).
//
//   INSERT INTO sip_capture(date, ...) SELECT date, ... FROM hepcapd_rows(?, ?, ?)
//
// `slab` is a checked handle, never a pointer; `rows` is a blob of native 32-bit row numbers, or NULL for
// all; `node` is the capture node's name. The table is read-only, exists without being created, and cannot
// be used from triggers or views (SQLITE_VTAB_DIRECTONLY). The addon is loaded into SQLite as an extension
// from its own file, so that this code and the slabs are the same ones that Node has.
// Interface: https://www.sqlite.org/vtab.html, table-valued functions.
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include <array>
#include <optional>
#include <string>

#include "../base/utf8.h"
#include "../batch/columns.h"
#include "rows_table.h"

namespace hepcapd {
namespace {

std::array<std::atomic<uint64_t>, 3> valueCounts{};

// Hidden columns behind the visible ones: the arguments of the function.
enum Argument : int { kArgumentSlab, kArgumentRows, kArgumentNode, kArguments };

struct Table : sqlite3_vtab {};

struct Cursor : sqlite3_vtab_cursor {
  SlabPool::Reader slab;
  std::string node;
  std::string rows;  // the blob of row numbers
  bool all = false;
  size_t count = 0;
  size_t at = 0;
  std::optional<RowReader> reader;

  uint32_t row() const {
    if (all) return uint32_t(at);
    uint32_t row;
    std::memcpy(&row, rows.data() + at * sizeof row, sizeof row);
    return row;
  }
  // True when `at` is a row of the slab; a row number beyond it is a broken invariant of the caller.
  bool settle() {
    if (at >= count) return true;
    if (row() >= slab->rows()) return false;
    reader->go(row());
    return true;
  }
  void close() {
    if (reader) {
      valueCounts[0] += reader->cutCount();
      valueCounts[1] += reader->cleanedCount();
      valueCounts[2] += reader->arrivalCount();
    }
    reader.reset();
    slab = {};
    count = at = 0;
  }
};

Cursor& cursorOf(sqlite3_vtab_cursor* cursor) { return *static_cast<Cursor*>(cursor); }

std::string declaration() {
  std::string sql = "CREATE TABLE x(";
  for (size_t i = 0; i < kColumns; i++) {
    if (i > 0) sql += ',';
    sql += columnShape(Column(i)).name;
  }
  return sql + ",slab HIDDEN,rows HIDDEN,node_name HIDDEN)";
}

int connect(sqlite3* db, void*, int, const char* const*, sqlite3_vtab** out, char**) {
  const int status = sqlite3_declare_vtab(db, declaration().c_str());
  if (status != SQLITE_OK) return status;
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  *out = new Table();
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

// Without a slab there is nothing to scan: the plan is refused, as for any table-valued function.
int bestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
  int seen = 0;
  for (int i = 0; i < info->nConstraint; i++) {
    const auto& constraint = info->aConstraint[i];
    const int argument = constraint.iColumn - int(kColumns);
    if (argument < 0 || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (!constraint.usable) return SQLITE_CONSTRAINT;
    info->aConstraintUsage[i].argvIndex = argument + 1;
    info->aConstraintUsage[i].omit = 1;
    seen |= 1 << argument;
  }
  if (seen != (1 << kArguments) - 1) return SQLITE_CONSTRAINT;
  info->estimatedCost = 1000;
  info->estimatedRows = 1000;
  return SQLITE_OK;
}

int openCursor(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  *out = new Cursor();
  return SQLITE_OK;
}

int closeCursor(sqlite3_vtab_cursor* base) {
  Cursor* cursor = &cursorOf(base);
  cursor->close();
  delete cursor;
  return SQLITE_OK;
}

int fail(sqlite3_vtab_cursor* base, const char* why) {
  sqlite3_free(base->pVtab->zErrMsg);
  base->pVtab->zErrMsg = sqlite3_mprintf("hepcapd_rows: %s", why);
  return SQLITE_ERROR;
}

std::string octetsOf(sqlite3_value* value) {
  const void* octets = sqlite3_value_blob(value);
  return octets ? std::string(static_cast<const char*>(octets), size_t(sqlite3_value_bytes(value)))
                : std::string();
}

int filter(sqlite3_vtab_cursor* base, int, const char*, int argc, sqlite3_value** argv) {
  Cursor& cursor = cursorOf(base);
  cursor.close();
  if (argc != kArguments || sqlite3_value_type(argv[kArgumentSlab]) != SQLITE_INTEGER) {
    return fail(base, "the slab is named by an integer handle");
  }
  cursor.slab = SlabPool::read(SlabHandle(sqlite3_value_int64(argv[kArgumentSlab])));
  if (!cursor.slab) return fail(base, "no sealed slab has this handle");
  cursor.all = sqlite3_value_type(argv[kArgumentRows]) == SQLITE_NULL;
  cursor.rows = octetsOf(argv[kArgumentRows]);
  cursor.node = octetsOf(argv[kArgumentNode]);
  if (cursor.rows.size() % sizeof(uint32_t) != 0) return fail(base, "the rows are a blob of 32-bit numbers");
  cursor.count = cursor.all ? cursor.slab->rows() : cursor.rows.size() / sizeof(uint32_t);
  cursor.reader.emplace(*cursor.slab, Bytes(std::string_view(cursor.node)));
  return cursor.settle() ? SQLITE_OK : fail(base, "a row number is beyond the slab");
}

int next(sqlite3_vtab_cursor* base) {
  Cursor& cursor = cursorOf(base);
  cursor.at++;
  return cursor.settle() ? SQLITE_OK : fail(base, "a row number is beyond the slab");
}

int atEnd(sqlite3_vtab_cursor* base) { return cursorOf(base).at >= cursorOf(base).count; }

// Texts that lie in the slab are lent: the cursor keeps the slab until the statement is through.
void putText(sqlite3_context* context, RowReader::Text text) {
  const char* at = text.bytes.size > 0 ? reinterpret_cast<const char*>(text.bytes.data) : "";
  sqlite3_result_text(context, at, int(text.bytes.size), text.inSlab ? SQLITE_STATIC : SQLITE_TRANSIENT);
}

// Byte for byte either way: TEXT where SQLite's tools can show it as text, else BLOB.
void putMessage(sqlite3_context* context, Bytes octets) {
  if (isCleanUtf8(octets)) {
    putText(context, {octets, true});
  } else {
    sqlite3_result_blob(context, octets.data, int(octets.size), SQLITE_STATIC);
  }
}

int value(sqlite3_vtab_cursor* base, sqlite3_context* context, int index) {
  if (index < 0 || size_t(index) >= kColumns) return SQLITE_OK;
  const Column column = Column(index);
  RowReader& reader = *cursorOf(base).reader;
  switch (columnShape(column).kind) {
    case ColumnKind::integer:
      sqlite3_result_int64(context, reader.integer(column));
      break;
    case ColumnKind::text:
      putText(context, reader.text(column));
      break;
    case ColumnKind::octets:
      putMessage(context, reader.msg());
      break;
  }
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* base, sqlite3_int64* id) {
  *id = sqlite3_int64(cursorOf(base).at);
  return SQLITE_OK;
}

sqlite3_module makeModule() {
  sqlite3_module module{};
  module.iVersion = 1;
  module.xConnect = connect;  // and no xCreate: the table is eponymous only
  module.xBestIndex = bestIndex;
  module.xDisconnect = disconnect;
  module.xDestroy = disconnect;
  module.xOpen = openCursor;
  module.xClose = closeCursor;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = atEnd;
  module.xColumn = value;
  module.xRowid = rowid;
  return module;
}

}  // namespace

ValueCounts rowsTableCounts() { return {valueCounts[0], valueCounts[1], valueCounts[2]}; }

}  // namespace hepcapd

extern "C" __attribute__((visibility("default"))) int sqlite3_extension_init(
    sqlite3* db, char**, const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api);
  static const sqlite3_module module = hepcapd::makeModule();
  return sqlite3_create_module(db, "hepcapd_rows", &module, nullptr);
}
