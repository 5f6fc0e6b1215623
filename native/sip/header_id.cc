// One switch over the length and the first letter leaves at most two names to compare.
#include "header_id.h"

#include "chars.h"

namespace hepcapd::sip {
namespace {

constexpr unsigned key(size_t length, uint8_t letter) { return unsigned(length) << 8 | (letter | 0x20u); }

template <size_t N>
HeaderId only(Bytes name, const char (&lower)[N], HeaderId id) {
  return same(name, lower) ? id : HeaderId::other;
}

}  // namespace

HeaderId headerId(Bytes name) {
  switch (key(name.size, name[0])) {
    case key(1, 'c'):
      return HeaderId::contentType;
    case key(1, 'f'):
      return HeaderId::from;
    case key(1, 'i'):
      return HeaderId::callId;
    case key(1, 'm'):
      return HeaderId::contact;
    case key(1, 't'):
      return HeaderId::to;
    case key(1, 'v'):
      return HeaderId::via;
    case key(2, 't'):
      return only(name, "to", HeaderId::to);
    case key(3, 'v'):
      return only(name, "via", HeaderId::via);
    case key(4, 'c'):
      return only(name, "cseq", HeaderId::cseq);
    case key(4, 'f'):
      return only(name, "from", HeaderId::from);
    case key(5, 'x'):
      return same(name, "x-cid") ? HeaderId::xCid : only(name, "x-oip", HeaderId::xOip);
    case key(6, 'r'):
      return only(name, "reason", HeaderId::reason);
    case key(7, 'c'):
      return same(name, "call-id") ? HeaderId::callId : only(name, "contact", HeaderId::contact);
    case key(9, 'd'):
      return only(name, "diversion", HeaderId::diversion);
    case key(10, 'p'):
      return only(name, "p-rtp-stat", HeaderId::pRtpStat);
    case key(10, 'u'):
      return only(name, "user-agent", HeaderId::userAgent);
    case key(10, 'x'):
      return only(name, "x-rtp-stat", HeaderId::xRtpStat);
    case key(12, 'c'):
      return only(name, "content-type", HeaderId::contentType);
    case key(13, 'a'):
      return only(name, "authorization", HeaderId::authorization);
    case key(19, 'p'):
      return same(name, "p-asserted-identity")
                 ? HeaderId::assertedIdentity
                 : only(name, "proxy-authorization", HeaderId::proxyAuthorization);
    case key(20, 'p'):
      return only(name, "p-preferred-identity", HeaderId::preferredIdentity);
    default:
      return HeaderId::other;
  }
}

// A known name is a token, so only the others are looked at octet by octet.
bool readHeader(Bytes line, Header& out) {
  const uint8_t* const colon = find<':'>(line.begin(), line.end());
  const uint8_t* nameEnd = colon;
  while (nameEnd > line.begin() && isBlank(nameEnd[-1])) nameEnd--;
  if (colon == line.end() || nameEnd == line.begin()) return false;
  out.id = headerId({line.begin(), nameEnd});
  if (out.id == HeaderId::other) return skip(line.begin(), nameEnd, kToken) == nameEnd;
  out.value = trimmed(colon + 1, line.end());
  return true;
}

}  // namespace hepcapd::sip
