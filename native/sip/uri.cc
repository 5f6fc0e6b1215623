// The scheme decides who reads the rest. Every reader walks the URI at most twice.
#include "uri.h"

#include "chars.h"

namespace hepcapd::sip {
namespace {

// ":" 1*5DIGIT with nothing of the host part behind it.
uint16_t readPort(const uint8_t* at, const uint8_t* end) {
  if (at == end || *at != ':') return 0;
  const uint8_t* const last = skip(at + 1, end, kDigit);
  if (last - at > 6 || (last < end && !is(*last, kHostEnd))) return 0;
  uint32_t port = 0;
  while (++at < last) port = port * 10 + (*at - '0');
  return port <= 65535 ? uint16_t(port) : 0;
}

// An IPv6 address that lost its brackets has two colons before anything that no IPv6 address has.
const uint8_t* passBareIpv6(const uint8_t* at, const uint8_t* end) {
  const uint8_t* const last = skip(at, end, kIpv6);
  if (last < end && !is(*last, kHostEnd)) return at;
  const uint8_t* const colon = find(at, last, ':');
  return colon < last && find(colon + 1, last, ':') < last ? last : at;
}

Uri withAuthority(Bytes user, Bytes hostPort) {
  const HostPort where = readHostPort(hostPort);
  return {user, where.host, where.port};
}

// The user part may hold ; ? and / as they are, so the first @ counts before they do. Clients that were given
// an e-mail address for a user name send an @ too many: the last one before parameters and headers counts.
Uri readSip(Bytes rest) {
  const uint8_t* const end = rest.end();
  const uint8_t* at = find(rest.begin(), end, '@');
  if (at == end) return withAuthority({}, rest);
  for (;;) {
    const uint8_t* const next = seek(at + 1, end, kAfterUser);
    if (next == end || *next != '@') break;
    at = next;
  }
  return withAuthority({rest.begin(), find(rest.begin(), at, ':')}, {at + 1, end});
}

Uri readTel(Bytes rest) {
  Uri uri;
  uri.user = {rest.begin(), seek(rest.begin(), rest.end(), kUriTail | kLws)};
  return uri;
}

template <size_t N>
bool dropPrefix(Bytes& text, const char (&lower)[N]) {
  if (text.size < N - 1) return false;
  for (size_t i = 0; i < N - 1; i++) {
    const uint8_t octet = text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i];
    if (octet != uint8_t(lower[i])) return false;
  }
  text = text.from(N - 1);
  return true;
}

// RFC 5031: emergency services have no user and no host; the service is what callers are told apart by.
Uri readUrn(Bytes rest) {
  if (!dropPrefix(rest, "service:")) dropPrefix(rest, "nena:service:");
  Uri uri;
  uri.host = {rest.begin(), seek(rest.begin(), rest.end(), kUriTail | kLws)};
  return uri;
}

// RFC 3986 section 3, and the user@host of mailto, im, pres and their like.
Uri readOther(Bytes rest) {
  const bool slashes = rest.size > 2 && rest[0] == '/' && rest[1] == '/';
  if (slashes) rest = rest.from(2);
  const uint8_t* const stop = seek(rest.begin(), rest.end(), kUriTail);
  const uint8_t* const end = slashes ? find(rest.begin(), stop, '/') : stop;
  const uint8_t* const at = find(rest.begin(), end, '@');
  if (at != end) return withAuthority({rest.begin(), find(rest.begin(), at, ':')}, {at + 1, end});
  return slashes ? withAuthority({}, {rest.begin(), end}) : Uri{};
}

}  // namespace

HostPort readHostPort(Bytes text) {
  const uint8_t* const first = text.begin();
  const uint8_t* const end = text.end();
  if (first < end && *first == '[') {
    const uint8_t* const close = find(first + 1, end, ']');
    if (close < end) return {{first + 1, close}, readPort(close + 1, end)};
    return {{first + 1, skip(first + 1, end, kIpv6)}, 0};
  }
  const uint8_t* const bare = passBareIpv6(first, end);
  if (bare != first) return {{first, bare}, 0};
  const uint8_t* const stop = seek(first, end, kHostEnd);
  return {{first, stop}, readPort(stop, end)};
}

Uri readUri(Bytes text) {
  const uint8_t* const colon = skip(text.begin(), text.end(), kScheme);
  if (colon == text.begin() || colon == text.end() || *colon != ':') return {};
  const Bytes scheme(text.begin(), colon);
  const Bytes rest(colon + 1, text.end());
  if (same(scheme, "sip") || same(scheme, "sips")) return readSip(rest);
  if (same(scheme, "tel")) return readTel(rest);
  if (same(scheme, "urn")) return readUrn(rest);
  return readOther(rest);
}

}  // namespace hepcapd::sip
