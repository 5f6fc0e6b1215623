// No sent-by has a semicolon in it, so the parameters are looked for from the start of the value.
#include "via.h"

#include "params.h"

namespace hepcapd::sip {

Bytes viaBranch(Bytes value) { return findHeaderParam(value, "branch"); }

}  // namespace hepcapd::sip
