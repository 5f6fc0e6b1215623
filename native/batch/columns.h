// A record as a row: the columns of the tables, and their values as text or number.
//
// One table of columns (names, kinds, widths) serves every engine and both languages. Texts are made clean
// here, before any engine sees them: unfolded (RFC 3261 7.3.1), well-formed UTF-8, cut to the width.
#pragma once

#include <string_view>

#include "slab.h"

namespace hepcapd {

enum class ColumnKind : uint8_t {
  integer,
  text,    // clean UTF-8, at most `width` octets
  octets,  // byte for byte
};

// X(name, kind, width in octets): in the order of the tables. The widths leave room for what RFC 3261 calls
// reasonable and keep a row under MySQL's 65,535 octets at four octets a character. A number is not negative;
// its width is what it needs at most.
#define HEPCAPD_COLUMNS(X)                                                    \
  X(date, text, 19)                                                           \
  X(micro_ts, integer, 8)                                                     \
  X(method, text, 64)                                                         \
  X(reply_reason, text, 256)                                                  \
  X(ruri, text, 1024)                                                         \
  X(ruri_user, text, 256)                                                     \
  X(from_user, text, 256)                                                     \
  X(from_tag, text, 256)                                                      \
  X(to_user, text, 256)                                                       \
  X(to_tag, text, 256)                                                        \
  X(pid_user, text, 256)                                                      \
  X(contact_user, text, 256)                                                  \
  X(auth_user, text, 256)                                                     \
  X(callid, text, 256)                                                        \
  X(callid_aleg, text, 256)                                                   \
  X(via_1, text, 1024)                                                        \
  X(via_1_branch, text, 256)                                                  \
  X(cseq, text, 64)                                                           \
  X(reason, text, 256)                                                        \
  X(content_type, text, 256)                                                  \
  X(auth, text, 1024)                                                         \
  X(user_agent, text, 256)                                                    \
  X(source_ip, text, 60)                                                      \
  X(source_port, integer, 2)                                                  \
  X(destination_ip, text, 60)                                                 \
  X(destination_port, integer, 2)                                             \
  X(contact_ip, text, 256)                                                    \
  X(contact_port, integer, 2)                                                 \
  X(originator_ip, text, 256)                                                 \
  X(originator_port, integer, 2)                                              \
  X(proto, integer, 1)                                                        \
  X(family, integer, 1)                                                       \
  X(rtp_stat, text, 1024)                                                     \
  X(type, integer, 1)                                                         \
  X(node, text, 128)                                                          \
  X(correlation_id, text, 256)                                                \
  X(from_domain, text, 256)                                                   \
  X(to_domain, text, 256)                                                     \
  X(ruri_domain, text, 256)                                                   \
  X(diversion, text, 1024)                                                    \
  X(msg, octets, 0)                                                           \
  X(custom_field1, text, 256)                                                 \
  X(custom_field2, text, 256)                                                 \
  X(custom_field3, text, 256)                                                 \
  /* of report tables alone; what they call them, lib/sink/schema.ts knows */ \
  X(protocol_type, integer, 1)                                                \
  X(gid, integer, 1)                                                          \
  X(tsu, integer, 4)                                                          \
  X(extra_correlation, text, 256)                                             \
  X(capture_ip, text, 60)                                                     \
  X(capt_id, integer, 4)                                                      \
  X(capture_node, text, 128)                                                  \
  X(event, text, 64)                                                          \
  X(payload_len, integer, 4)                                                  \
  X(payload_text, text, 4096)

enum class Column : uint8_t {
#define X(name, kind, width) name,
  HEPCAPD_COLUMNS(X)
#undef X
      count
};
inline constexpr size_t kColumns = size_t(Column::count);

struct ColumnShape {
  std::string_view name;
  ColumnKind kind;
  uint16_t width;
};
const ColumnShape& columnShape(Column column);

// Reads rows of one slab. Texts stay valid until the next text() of this reader, or as long as the slab
// where they lie in it unchanged (inSlab).
class RowReader {
 public:
  // `node` is the capture node's name; it must outlive the reader.
  RowReader(const Slab& slab, Bytes node) : slab_(slab), node_(node) {}

  void go(uint32_t row) { record_ = &slab_.record(row); }

  struct Text {
    Bytes bytes;
    bool inSlab = false;
  };
  Text text(Column column);  // any column of kind text
  int64_t integer(Column column) const;
  Bytes msg() const { return slab_.bytes(record_->payload.offset, record_->payload.length); }

  // Values that were cut to their width, texts that were no clean UTF-8, and dates that are the arrival's
  // because no text of 19 characters holds the packet's, since the reader was made.
  uint64_t cutCount() const { return cut_; }
  uint64_t cleanedCount() const { return cleaned_; }
  uint64_t arrivalCount() const { return arrivals_; }

 private:
  Bytes raw(Column column);
  Bytes sip(SipField field) const;
  Bytes custom(unsigned index) const;
  Bytes dateText();
  Bytes nodeText();
  Bytes addressText(const uint8_t* octets, uint8_t family);
  Bytes dottedText(const uint8_t* octets);
  Bytes extraCorrelation() const;
  Bytes eventText();

  const Slab& slab_;
  Bytes node_;
  const Record* record_ = nullptr;
  int64_t dateSecond_ = INT64_MIN;
  char date_[80];
  uint32_t agent_ = 0;
  size_t agentNodeSize_ = 0;  // 0: of no agent yet
  char agentNode_[160];
  char small_[64];
  std::unique_ptr<uint8_t[]> scratch_;  // made at the first value that is not clean as it lies
  uint64_t cut_ = 0;
  uint64_t cleaned_ = 0;
  uint64_t arrivals_ = 0;
};

}  // namespace hepcapd
