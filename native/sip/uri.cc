// The scheme decides who reads the rest. No reader walks the URI more than three times.
#include "uri.h"

#include "chars.h"

namespace hepcapd::sip {
namespace {

using UriTail = AnyOf<' ', '\t', '\r', '\n', ';', '?', '#'>;

struct Port {
  uint16_t number = 0;
  bool readable = false;
};

// 1*5DIGIT with nothing of the host part behind it. `at` stands behind the colon.
Port readPort(const uint8_t* at, const uint8_t* end) {
  uint32_t number = 0;
  const uint8_t* last = at;
  for (; last < end && is(*last, kDigit); last++) number = number * 10 + (*last - '0');
  if (last == at || last - at > 5 || (last < end && (*last == ':' || !HostEnd::has(*last)))) return {};
  return {number <= 65535 ? uint16_t(number) : uint16_t(0), true};
}

// An IPv6 address that lost its brackets has two colons before anything that no IPv6 address has.
const uint8_t* passBareIpv6(const uint8_t* at, const uint8_t* end) {
  const uint8_t* const last = skip(at, end, kIpv6);
  if (last < end && !HostEnd::has(*last)) return at;
  const uint8_t* const colon = find<':', Padded>(at, last);
  return colon < last && find<':', Padded>(colon + 1, last) < last ? last : at;
}

HostPort readReference(const uint8_t* open, const uint8_t* end) {
  const uint8_t* const close = find<']', Padded>(open + 1, end);
  if (close == end) return {{open + 1, skip(open + 1, end, kIpv6)}, 0};
  const bool colon = end - close > 1 && close[1] == ':';
  return {{open + 1, close}, colon ? readPort(close + 2, end).number : uint16_t(0)};
}

Uri withAuthority(Bytes user, const uint8_t* host, const uint8_t* end) {
  const HostPort where = readHostPort({host, end});
  return {user, where.host, where.port};
}

// Clients that were given an e-mail address for a user name send an @ too many: the last one before
// parameters and headers counts.
const uint8_t* lastAt(const uint8_t* at, const uint8_t* end) {
  for (;;) {
    const uint8_t* const next = seek<AnyOf<'@', ';', '?'>, Padded>(at + 1, end);
    if (next == end || *next != '@') return at;
    at = next;
  }
}

#if defined(__SSE2__)
// The octets that end a part of a URI, in turn, and then its end: as far as one look at 32 octets goes.
class PartEnds {
 public:
  PartEnds(const uint8_t* first, const uint8_t* end) : first_(first) {
    ends_ = PartEnd::in(Padded::load(first, end)) | PartEnd::in(Padded::load(first + 16, end)) << 16;
    const size_t size = size_t(end - first);
    if (size < 32) ends_ = (ends_ & ((1u << size) - 1)) | 1u << size;
  }
  bool none() const { return ends_ == 0; }
  const uint8_t* next() {
    const uint8_t* const at = first_ + __builtin_ctz(ends_);
    ends_ &= ends_ - 1;
    return at;
  }

 private:
  const uint8_t* first_;
  uint32_t ends_;
};

// user@host, and then a port, parameters, or nothing. False for all else.
bool readUsual(const uint8_t* first, const uint8_t* end, Uri& out) {
  PartEnds ends(first, end);
  if (ends.none()) return false;
  const uint8_t* const at = ends.next();
  if (ends.none() || *at != '@') return false;
  const uint8_t* const hostEnd = ends.next();
  if (hostEnd > at + 1 && at[1] == '[') return false;
  const uint8_t* last = hostEnd;
  if (last < end && *last == ':') {
    if (ends.none()) return false;
    last = ends.next();
    const Port port = readPort(hostEnd + 1, last);
    if (!port.readable) return false;
    out.port = port.number;
  }
  if (last < end && *last != ';' && *last != '?') return false;
  out.user = {first, at};
  out.host = {at + 1, hostEnd};
  return true;
}
#endif

// The user part may hold ; ? and / as they are, so the first @ counts before they do.
Uri readSip(const uint8_t* first, const uint8_t* end) {
#if defined(__SSE2__)
  if (Uri uri; readUsual(first, end, uri)) return uri;
#endif
  const uint8_t* const userEnd = seek<AnyOf<'@', ':'>, Padded>(first, end);
  const uint8_t* at = userEnd < end && *userEnd == ':' ? find<'@', Padded>(userEnd, end) : userEnd;
  if (at == end) return withAuthority({}, first, end);
  at = lastAt(at, end);
  return withAuthority({first, *userEnd == ':' ? userEnd : find<':', Padded>(userEnd, at)}, at + 1, end);
}

Uri readTel(Bytes rest) {
  Uri uri;
  uri.user = {rest.begin(), seek<UriTail, Padded>(rest.begin(), rest.end())};
  return uri;
}

template <size_t N>
bool startsWith(Bytes text, const char (&lower)[N]) {
  return text.size >= N && sameLetters(text.data, lower) && text[N - 1] == ':';
}

// RFC 5031: emergency services have no user and no host; the service is what callers are told apart by.
Uri readUrn(Bytes rest) {
  if (startsWith(rest, "nena")) {
    const Bytes inner = rest.from(5);
    if (startsWith(inner, "service")) rest = inner;
  }
  if (startsWith(rest, "service")) rest = rest.from(8);
  Uri uri;
  uri.host = {rest.begin(), seek<UriTail, Padded>(rest.begin(), rest.end())};
  return uri;
}

// RFC 3986 section 3, and the user@host of mailto, im, pres and their like.
Uri readOther(Bytes rest) {
  const bool slashes = rest.size > 2 && rest[0] == '/' && rest[1] == '/';
  if (slashes) rest = rest.from(2);
  const uint8_t* const first = rest.begin();
  const uint8_t* const stop = seek<UriTail, Padded>(first, rest.end());
  const uint8_t* const end = slashes ? find<'/', Padded>(first, stop) : stop;
  const uint8_t* const at = find<'@', Padded>(first, end);
  if (at != end) return withAuthority({first, find<':', Padded>(first, at)}, at + 1, end);
  return slashes ? withAuthority({}, first, end) : Uri{};
}

}  // namespace

HostPort readHostPort(Bytes text) {
  const uint8_t* const first = text.begin();
  const uint8_t* const end = text.end();
  if (first < end && *first == '[') return readReference(first, end);
  const uint8_t* const stop = seek<HostEnd, Padded>(first, end);
  if (stop == end || *stop != ':') return {{first, stop}, 0};
  const Port port = readPort(stop + 1, end);
  if (port.readable) return {{first, stop}, port.number};
  const uint8_t* const bare = passBareIpv6(first, end);
  return {{first, bare != first ? bare : stop}, 0};
}

Uri readUri(Bytes text) {
  if (startsWith(text, "sip")) return readSip(text.begin() + 4, text.end());
  const uint8_t* const colon = skip(text.begin(), text.end(), kScheme);
  if (colon == text.begin() || colon == text.end() || *colon != ':') return {};
  const Bytes scheme(text.begin(), colon);
  const Bytes rest(colon + 1, text.end());
  if (same(scheme, "sips")) return readSip(rest.begin(), rest.end());
  if (same(scheme, "tel")) return readTel(rest);
  if (same(scheme, "urn")) return readUrn(rest);
  return readOther(rest);
}

}  // namespace hepcapd::sip
