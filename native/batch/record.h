// The fixed columns of one captured message: numbers, and where its texts lie in the slab.
// JavaScript reads these fields through typed arrays; napi/layout.cc tells it the offsets.
#pragma once

#include <type_traits>

#include "../base/address.h"
#include "../sip/message.h"

namespace hepcapd {

enum RecordFlag : uint32_t {
  kRecordSip = 1 << 0,            // goes to the SIP table: the packet says or shows that it is SIP
  kRecordHasAgent = 1 << 1,       // the packet names its capture agent
  kRecordHasTime = 1 << 2,        // microTs is the packet's own time; else it is the arrival
  kRecordInflated = 1 << 3,       // the payload was compressed and stands inflated behind the packet
  kRecordInflateFailed = 1 << 4,  // the payload was compressed and is kept as it came
  kRecordFolded = 1 << 5,         // a text has folded lines in it
};

// Offset from the start of the slab, and length, in octets.
struct SlabSpan {
  uint32_t offset = 0;
  uint32_t length = 0;
};

struct Record {
  int64_t microTs;       // microseconds since the epoch: the packet's time, else its arrival
  int64_t arrivalUs;     // microseconds since the epoch: the kernel's time stamp
  SlabSpan packet;       // the HEP packet as it came; of a message off the wire its payload
  SlabSpan payload;      // what was captured: inflated, without trailing NULs in v1 and v2
  SlabSpan correlation;  // chunk 0x11, else the `sip` member of chunk 101, else X-CID, else Call-ID
  SlabSpan custom;       // custom_field1 to 3 (custom_fields.h); empty: none
  uint32_t agentId;
  uint32_t flags;  // RecordFlag
  uint8_t source[16];
  uint8_t destination[16];
  uint8_t sender[16];    // who sent the HEP packet
  uint8_t receiver[16];  // the address of ours that it came to
  uint16_t sourcePort;
  uint16_t destinationPort;
  uint16_t senderPort;
  uint16_t status;  // of a SIP reply
  uint16_t contactPort;
  uint16_t originatorPort;
  uint8_t hepVersion;         // 0: no HEP, a message off the wire
  uint8_t family;             // 2, 10, or 0 when the packet names none
  uint8_t sourceFamily;       // 0 when the address is absent
  uint8_t destinationFamily;  // likewise
  uint8_t senderFamily;
  uint8_t receiverFamily;  // 0 when nobody told
  uint8_t protocol;        // IP protocol number as the HEP wire has it
  uint8_t protocolType;    // HEP protocol type: 1 is SIP
  uint8_t sipKind;         // the `type` column: 1 request, 2 reply, 0 unreadable
  Span sip[kSipFields];    // from the start of the payload
};
static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) % 8 == 0);

}  // namespace hepcapd
