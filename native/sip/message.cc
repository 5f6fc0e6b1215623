// Two steps: the header section is walked once and the first value of each header kept; then every column is
// read from its value. Values are short, and what a message does not have costs nothing.
#include "message.h"

#include <cstring>
#include <type_traits>

#include "cseq.h"
#include "digest.h"
#include "header_id.h"
#include "name_addr.h"
#include "params.h"
#include "scanner.h"
#include "start_line.h"
#include "uri.h"
#include "via.h"

namespace hepcapd {
namespace {

using namespace sip;

// Offsets and lengths are 16 bits wide.
constexpr size_t kReach = 65535;

// RFC 3325 section 9.1 allows two. Looking at a few more is enough, and keeps a hostile list from being
// walked once for each comma in it.
constexpr int kIdentities = 4;

// The user of the first readable URI in a list of identities; a null pointer when none is readable, and an
// empty text when that URI has no user.
Bytes identityUser(Bytes list) {
  for (int value = 0; value < kIdentities && !list.empty(); value++) {
    const NameAddr identity = readNameAddr(list);
    const Uri uri = readUri(identity.uri);
    if (uri.readable()) return {uri.user.data != nullptr ? uri.user.data : identity.uri.data, uri.user.size};
    list = afterComma(identity.params);
  }
  return {};
}

// Fills one message. Lives for one call of parseSip().
class Reading {
 public:
  Reading(Bytes text, SipMessage& out) : text_(text), out_(out), lines_(text) {}

  void startLine();
  void headers();
  void columns();
  bool sawEmptyLine() const { return lines_.sawEmptyLine(); }

 private:
  void put(SipField field, Bytes part) {
    if (!part.empty()) out_[field] = span(part);
  }
  // No header value is at the start of the text: an offset of zero says that the header is absent.
  bool has(HeaderId id) const { return values_[size_t(id)].offset != 0; }
  Span spanOf(HeaderId id) const { return values_[size_t(id)]; }
  Bytes value(HeaderId id) const { return {text_.data + spanOf(id).offset, size_t(spanOf(id).length)}; }
  Span span(Bytes part) const { return {uint16_t(part.data - text_.data), uint16_t(part.size)}; }
  void keep(const Header& header);
  void party(HeaderId id, SipField user, SipField domain, SipField tag);
  void wholeValues();
  void contact();
  void originator();
  void credentials();
  void noteFolds();

  Bytes text_;
  SipMessage& out_;
  PaddedLineScanner lines_;
  Span values_[size_t(HeaderId::count)];  // the first of each header
  bool folded_ = false;
};

// A first line that is a header makes the message unreadable as such, and is still a header.
void Reading::startLine() {
  lines_.skipLeadingLineEnds();
  const uint8_t* const first = lines_.position();
  const Bytes line = lines_.line();
  const StartLine start = readStartLine(line);
  out_.kind = start.kind;
  out_.status = start.status;
  put(SipField::method, start.method);
  put(SipField::replyReason, start.reason);
  put(SipField::ruri, start.ruri);
  Header header;
  if (start.kind == kSipUnreadable && readHeader(line, find<':', Padded>(line.begin(), line.end()), header)) {
    lines_.returnTo(first);
  }
  if (start.kind != kSipRequest) return;
  // RFC 4475 section 3.1.2.7: angle brackets do not belong here, and say nothing.
  const Uri uri = readUri(start.ruri[0] == '<' ? readNameAddr(start.ruri).uri : start.ruri);
  put(SipField::ruriUser, uri.user);
  put(SipField::ruriDomain, uri.host);
}

// The scanner is worked on as a local, so that it can live in registers.
void Reading::headers() {
  PaddedLineScanner lines = lines_;
  HeaderLine line;
  Header header;
  while (lines.header(line)) {
    if (!readHeader(line.text, line.colon, header)) {
      out_.notes |= kSipBadHeader;
    } else if (header.id != HeaderId::other) {
      keep(header);
      folded_ |= line.folded;
    }
  }
  lines_ = lines;
}

void Reading::keep(const Header& header) {
  if (has(header.id)) return;
  const bool identity = header.id == HeaderId::assertedIdentity || header.id == HeaderId::preferredIdentity;
  const Bytes value = identity ? identityUser(header.value) : header.value;
  if (value.data != nullptr) values_[size_t(header.id)] = span(value);
}

void Reading::columns() {
  party(HeaderId::from, SipField::fromUser, SipField::fromDomain, SipField::fromTag);
  party(HeaderId::to, SipField::toUser, SipField::toDomain, SipField::toTag);
  contact();
  originator();
  credentials();
  put(SipField::viaBranch, viaBranch(value(HeaderId::via)));
  put(SipField::cseqMethod, cseqMethod(value(HeaderId::cseq)));
  wholeValues();
  if (folded_) noteFolds();
  if (lines_.sawEmptyLine()) put(SipField::body, lines_.rest());
}

void Reading::wholeValues() {
  const bool asserted = has(HeaderId::assertedIdentity);
  out_[SipField::pidUser] = spanOf(asserted ? HeaderId::assertedIdentity : HeaderId::preferredIdentity);
  const Span rtpStat = spanOf(HeaderId::xRtpStat);
  out_[SipField::rtpStat] = rtpStat.empty() ? spanOf(HeaderId::pRtpStat) : rtpStat;
  out_[SipField::via] = spanOf(HeaderId::via);
  out_[SipField::cseq] = spanOf(HeaderId::cseq);
  out_[SipField::callId] = spanOf(HeaderId::callId);
  out_[SipField::xCid] = spanOf(HeaderId::xCid);
  out_[SipField::reason] = spanOf(HeaderId::reason);
  out_[SipField::contentType] = spanOf(HeaderId::contentType);
  out_[SipField::userAgent] = spanOf(HeaderId::userAgent);
  out_[SipField::diversion] = spanOf(HeaderId::diversion);
}

void Reading::party(HeaderId id, SipField user, SipField domain, SipField tag) {
  const NameAddr address = readNameAddr(value(id));
  const Uri uri = readUri(address.uri);
  put(user, uri.user);
  put(domain, uri.host);
  put(tag, findHeaderParam(address.params, "tag"));
}

void Reading::contact() {
  if (!has(HeaderId::contact)) return;
  const Uri uri = readUri(readNameAddr(value(HeaderId::contact)).uri);
  put(SipField::contactUser, uri.user);
  put(SipField::contactHost, uri.host);
  out_.contactPort = uri.port;
}

void Reading::originator() {
  if (!has(HeaderId::xOip)) return;
  const HostPort where = readHostPort(value(HeaderId::xOip));
  put(SipField::originatorHost, where.host);
  out_.originatorPort = where.port;
}

void Reading::credentials() {
  if (!has(HeaderId::proxyAuthorization) && !has(HeaderId::authorization)) return;
  const Bytes proxy = value(HeaderId::proxyAuthorization);
  const Bytes server = value(HeaderId::authorization);
  put(SipField::auth, proxy.empty() ? server : proxy);
  const Bytes user = digestUser(proxy);
  put(SipField::authUser, user.empty() ? digestUser(server) : user);
}

// Most folds stand where trimming removes them, so the spans are asked.
void Reading::noteFolds() {
  for (const Span& span : out_.fields) {
    if (!span.empty() && std::memchr(text_.data + span.offset, '\n', span.length) != nullptr)
      out_.notes |= kSipFolded;
  }
}

// In two parts: of one, the compiler makes a string instruction, which takes as long as a header line does.
void clear(SipMessage& out) {
  constexpr size_t kHalf = sizeof out / 2;
  static_assert(std::is_trivially_copyable_v<SipMessage>);
  auto* const octets = reinterpret_cast<uint8_t*>(&out);
  std::memset(octets, 0, kHalf);
  std::memset(octets + kHalf, 0, sizeof out - kHalf);
}

}  // namespace

// Flattened: what it calls is small and many, and calling costs a tenth of the whole.
__attribute__((flatten)) void parseSip(Bytes payload, SipMessage& out) {
  clear(out);
  Reading reading(payload.first(kReach), out);
  reading.startLine();
  reading.headers();
  reading.columns();

  if (payload.size > kReach && !reading.sawEmptyLine()) out.notes |= kSipBeyondReach;
}

bool looksLikeSip(Bytes payload) {
  LineScanner lines(payload.first(kReach));
  lines.skipLeadingLineEnds();
  return readStartLine(lines.line()).kind != kSipUnreadable;
}

}  // namespace hepcapd
