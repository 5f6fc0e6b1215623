// Walks the parameters one by one: a realm or a nonce may well hold the text `username="`.
#include "digest.h"

#include "params.h"

namespace hepcapd::sip {

Bytes digestUser(Bytes credentials) {
  const uint8_t* const end = credentials.end();
  const uint8_t* at = skip(credentials.begin(), end, kToken);
  if (!same(Bytes(credentials.begin(), at), "digest")) return {};
  for (at = skip(at, end, kLws); at < end;) {
    const Param param = readParam(at, end);
    if (same(param.name, "username"))
      return {param.value.begin(), find(param.value.begin(), param.value.end(), '@')};
    at = find(param.next, end, ',');
    if (at < end) at = skip(at + 1, end, kLws);
  }
  return {};
}

}  // namespace hepcapd::sip
