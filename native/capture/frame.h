// One captured frame, as a capture file or a mirror port hands it on.
#pragma once

#include "../base/bytes.h"

namespace hepcapd {

// `octets` belong to the stage that emits the frame, and are valid until its next frame is asked for.
struct Frame {
  uint32_t linkType = 0;  // LINKTYPE_ number of the pcap registry
  int64_t timeNs = 0;     // since the epoch; 0 when nobody knows
  Bytes octets;           // what was captured
  uint32_t originalLength = 0;
};

}  // namespace hepcapd
