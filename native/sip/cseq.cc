// The number is stored as text with the whole value, so it is passed and never computed with.
#include "cseq.h"

#include "chars.h"

namespace hepcapd::sip {

Bytes cseqMethod(Bytes value) {
  const uint8_t* const end = value.end();
  const uint8_t* const method = skip(digitsEnd(value.begin(), end), end, kDigit | kLws);
  return {method, tokenEnd<Padded>(method, end)};
}

}  // namespace hepcapd::sip
