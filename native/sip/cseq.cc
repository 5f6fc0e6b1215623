// The number is stored as text with the whole value, so it is passed and never computed with.
#include "cseq.h"

#include "chars.h"

namespace hepcapd::sip {

Bytes cseqMethod(Bytes value) {
  const uint8_t* const end = value.end();
  const uint8_t* const method = skip(value.begin(), end, kDigit | kLws);
  return {method, isToken(method, end) ? end : skip(method, end, kToken)};
}

}  // namespace hepcapd::sip
