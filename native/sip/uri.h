// URIs as far as the columns need them: user, host, port. Nothing is unescaped.
#pragma once

#include "../base/bytes.h"

namespace hepcapd::sip {

struct HostPort {
  Bytes host;         // an IPv6 address without its brackets
  uint16_t port = 0;  // 0: none, or not a port
};

// host [":" port] at the start of `text`. An IPv6 address should stand in brackets (RFC 3261 25.1); one
// without them is taken whole and has no port.
HostPort readHostPort(Bytes text);

//                  user                      host
//   sip, sips      up to the password or @   RFC 3261 section 19.1.1
//   tel            the number, as written    empty (RFC 3966)
//   urn            empty                     after urn:service: or urn:nena:service:, else after urn:
//   others         before an @               after the @, or after //; neither is there: empty
struct Uri {
  Bytes user;
  Bytes host;
  uint16_t port = 0;

  bool readable() const { return !user.empty() || !host.empty(); }
};

// `text` is one whole URI. Without a scheme it is not readable.
Uri readUri(Bytes text);

}  // namespace hepcapd::sip
