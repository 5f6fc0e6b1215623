// Passes the parameters one by one: a realm or a nonce may well hold the text `username="`.
#include "digest.h"

#include "params.h"

namespace hepcapd::sip {

Bytes digestUser(Bytes credentials) {
  const uint8_t* const end = credentials.end();
  const uint8_t* const params = skip(credentials.begin(), end, kToken);
  if (!same(Bytes(credentials.begin(), params), "digest")) return {};
  Bytes user;
  if (!readParam(params, end, "username", user)) user = findParam<',', '\0'>({params, end}, "username");
  return {user.begin(), find<'@', Padded>(user.begin(), user.end())};
}

}  // namespace hepcapd::sip
