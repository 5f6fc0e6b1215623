// Any octets as a block of the spool: what is taken for a slab can be read in every column of every row.
#include "batch/columns.h"
#include "batch/slab_loader.h"

namespace {

constexpr size_t kSlabBytes = 1 << 20;
constexpr size_t kMostRecords = 16;
volatile size_t total;

void readAll(const hepcapd::Slab& slab) {
  hepcapd::RowReader reader(slab, hepcapd::Bytes(std::string_view("node")));
  for (uint32_t row = 0; row < slab.rows(); row++) {
    reader.go(row);
    for (uint8_t octet : reader.msg()) total = total + octet;
    for (size_t i = 0; i < hepcapd::kColumns; i++) {
      const auto column = hepcapd::Column(i);
      if (hepcapd::columnShape(column).kind == hepcapd::ColumnKind::integer) {
        total = total + size_t(reader.integer(column));
      } else if (hepcapd::columnShape(column).kind == hepcapd::ColumnKind::text) {
        for (uint8_t octet : reader.text(column).bytes) total = total + octet;
      }
    }
  }
}

}  // namespace

// The first octet tells how many records there are; what is behind them are the octets of the block.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using namespace hepcapd;
  if (size == 0) return 0;
  const Bytes rest = Bytes(octets, size).from(1);
  const Bytes records = rest.first((octets[0] % kMostRecords) * sizeof(Record));
  SlabLoader loader(kSlabBytes, 1);
  if (loader.load(0, rest.from(records.size), records) != SlabLoader::Fault::none) return 0;
  auto slab = SlabPool::read(loader.handle());
  readAll(*slab);
  // Memory of the slab behind its octets can be read too, so that no sanitizer sees this:
  for (uint32_t row = 0; row < slab->rows(); row++) {
    const Record& record = slab->record(row);
    for (const SlabSpan& span : {record.packet, record.payload, record.correlation, record.custom}) {
      if (uint64_t(span.offset) + span.length > slab->used()) __builtin_trap();
    }
    for (const Span& span : record.sip) {
      if (uint64_t(record.payload.offset) + span.offset + span.length > slab->used()) __builtin_trap();
    }
  }
  return 0;
}
