// Read from both ends: what stands between the method and the version is the Request-URI, whatever it is.
#include "start_line.h"

#include "chars.h"

namespace hepcapd::sip {
namespace {

// Eight octets as they nearly always are.
bool isUsual(const uint8_t* at, const char (&text)[9]) { return std::memcmp(at, text, 8) == 0; }

// SIP-Version at `at`: "SIP" "/" 1*DIGIT "." 1*DIGIT. Answers where it ends, or `at` when it is none.
const uint8_t* passVersion(const uint8_t* at, const uint8_t* end) {
  if (end - at < 7 || !sameLetters(at, "sip") || at[3] != '/') return at;
  const uint8_t* const dot = skip(at + 4, end, kDigit);
  if (dot == at + 4 || dot == end || *dot != '.') return at;
  const uint8_t* const last = skip(dot + 1, end, kDigit);
  return last == dot + 1 ? at : last;
}

// Where the version that ends the line starts, or `end`.
const uint8_t* versionAtEnd(const uint8_t* first, const uint8_t* end) {
  if (end - first >= 8 && isUsual(end - 8, " SIP/2.0")) return end - 7;
  const uint8_t* at = end;
  while (at > first && !isBlank(at[-1])) at--;
  return passVersion(at, end) == end ? at : end;
}

StartLine readStatusLine(const uint8_t* afterVersion, const uint8_t* end) {
  StartLine out;
  const uint8_t* const digits = skip(afterVersion, end, kLws);
  const uint8_t* const after = skip(digits, end, kDigit);
  if (digits == afterVersion || after - digits != 3 || (after < end && !isBlank(*after))) return out;
  out.kind = kSipReply;
  out.status = uint16_t((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
  out.method = {digits, after};
  out.reason = trimmed(after, end);
  return out;
}

StartLine readRequestLine(const uint8_t* first, const uint8_t* end) {
  StartLine out;
  const uint8_t* const methodEnd = tokenEnd<Anywhere>(first, end);
  if (methodEnd == first || methodEnd == end || !isBlank(*methodEnd)) return out;
  const uint8_t* const version = versionAtEnd(methodEnd, end);
  const Bytes ruri = trimmed(methodEnd, version);
  if (version == end || ruri.empty()) return out;
  out.kind = kSipRequest;
  out.method = {first, methodEnd};
  out.ruri = ruri;
  return out;
}

}  // namespace

// White space after the version is forgiven (RFC 4475 section 3.1.2.10). No method is taken for a version: a
// token has no slash.
StartLine readStartLine(Bytes line) {
  const uint8_t* const first = line.begin();
  const uint8_t* end = line.end();
  while (end > first && is(end[-1], kLws)) end--;
  const bool usual = end - first >= 8 && isUsual(first, "SIP/2.0 ");
  const uint8_t* const afterVersion = usual ? first + 7 : passVersion(first, end);
  return afterVersion != first ? readStatusLine(afterVersion, end) : readRequestLine(first, end);
}

}  // namespace hepcapd::sip
