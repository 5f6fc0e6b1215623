// Any octets as a frame of any link type: the payload that comes out lies within them.
#include <cstdlib>

#include "decode/datagram.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  static constexpr uint32_t kLinkTypes[] = {0, 1, 101, 108, 113, 276};
  if (size == 0) return 0;
  const hepcapd::Bytes frame = hepcapd::Bytes(octets, size).from(1);
  hepcapd::Datagram out;
  const auto refusal = hepcapd::decodeFrame(kLinkTypes[octets[0] % std::size(kLinkTypes)], frame, out);
  if (refusal != hepcapd::Refusal::none) return 0;
  if (out.payload.begin() < frame.begin() || out.payload.end() > frame.end()) std::abort();
  return 0;
}
