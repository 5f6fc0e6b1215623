#include "custom_fields.h"

namespace hepcapd {
namespace {

// Cuts the first text off.
Bytes nextText(Bytes& rest) {
  const Bytes text = rest.size < 2 ? Bytes{} : rest.from(2).first(readU16(rest.data));
  rest = rest.from(2 + text.size);
  return text;
}

}  // namespace

bool isCustomFields(Bytes custom) {
  if (custom.empty()) return true;
  for (unsigned index = 0; index < kCustomFields; index++) {
    if (custom.size < 2 || custom.size - 2 < readU16(custom.data)) return false;
    nextText(custom);
  }
  return custom.empty();
}

Bytes customField(Bytes custom, unsigned index) {
  Bytes text;
  for (unsigned at = 0; at <= index; at++) text = nextText(custom);
  return text;
}

}  // namespace hepcapd
