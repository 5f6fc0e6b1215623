// The scheme decides who reads the rest. No reader walks the URI more than three times.
#include "uri.h"

#include "chars.h"

namespace hepcapd::sip {
namespace {

using UriTail = AnyOf<' ', '\t', '\r', '\n', ';', '?', '#'>;

// ":" 1*5DIGIT with nothing of the host part behind it.
uint16_t readPort(const uint8_t* at, const uint8_t* end) {
  if (at == end || *at != ':') return 0;
  const uint8_t* const last = skip(at + 1, end, kDigit);
  if (last - at > 6 || (last < end && !HostEnd::has(*last))) return 0;
  uint32_t port = 0;
  while (++at < last) port = port * 10 + (*at - '0');
  return port <= 65535 ? uint16_t(port) : 0;
}

// An IPv6 address that lost its brackets has two colons before anything that no IPv6 address has.
const uint8_t* passBareIpv6(const uint8_t* at, const uint8_t* end) {
  const uint8_t* const last = skip(at, end, kIpv6);
  if (last < end && !HostEnd::has(*last)) return at;
  const uint8_t* const colon = find<':'>(at, last);
  return colon < last && find<':'>(colon + 1, last) < last ? last : at;
}

Uri withAuthority(Bytes user, Bytes hostPort) {
  const HostPort where = readHostPort(hostPort);
  return {user, where.host, where.port};
}

// The user part may hold ; ? and / as they are, so the first @ counts before they do. Clients that were given
// an e-mail address for a user name send an @ too many: the last one before parameters and headers counts.
Uri readSip(const uint8_t* first, const uint8_t* end) {
  const uint8_t* at = find<'@'>(first, end);
  if (at == end) return withAuthority({}, {first, end});
  for (;;) {
    const uint8_t* const next = seek<AnyOf<'@', ';', '?'>>(at + 1, end);
    if (next == end || *next != '@') break;
    at = next;
  }
  return withAuthority({first, find<':'>(first, at)}, {at + 1, end});
}

Uri readTel(Bytes rest) {
  Uri uri;
  uri.user = {rest.begin(), seek<UriTail>(rest.begin(), rest.end())};
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
  uri.host = {rest.begin(), seek<UriTail>(rest.begin(), rest.end())};
  return uri;
}

// RFC 3986 section 3, and the user@host of mailto, im, pres and their like.
Uri readOther(Bytes rest) {
  const bool slashes = rest.size > 2 && rest[0] == '/' && rest[1] == '/';
  if (slashes) rest = rest.from(2);
  const uint8_t* const first = rest.begin();
  const uint8_t* const stop = seek<UriTail>(first, rest.end());
  const uint8_t* const end = slashes ? find<'/'>(first, stop) : stop;
  const uint8_t* const at = find<'@'>(first, end);
  if (at != end) return withAuthority({first, find<':'>(first, at)}, {at + 1, end});
  return slashes ? withAuthority({}, {first, end}) : Uri{};
}

}  // namespace

HostPort readHostPort(Bytes text) {
  const uint8_t* const first = text.begin();
  const uint8_t* const end = text.end();
  if (first < end && *first == '[') {
    const uint8_t* const close = find<']'>(first + 1, end);
    if (close < end) return {{first + 1, close}, readPort(close + 1, end)};
    return {{first + 1, skip(first + 1, end, kIpv6)}, 0};
  }
  const uint8_t* const stop = seek<HostEnd>(first, end);
  if (stop == end || *stop != ':') return {{first, stop}, 0};
  const uint8_t* const bare = passBareIpv6(first, end);
  if (bare != first) return {{first, bare}, 0};
  return {{first, stop}, readPort(stop, end)};
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
