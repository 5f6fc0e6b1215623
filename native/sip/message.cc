// Two steps: the header section is walked once and the first value of each header kept; then every column is
// read from its value. Values are short, and what a message does not have costs nothing.
#include "message.h"

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

// The first value of each header; a null pointer where the header is absent.
struct HeaderValues {
  Bytes first[size_t(HeaderId::count)];

  Bytes& operator[](HeaderId id) { return first[size_t(id)]; }
  bool has(HeaderId id) const { return first[size_t(id)].data != nullptr; }
};

// The user of the first readable URI in a list of identities, with a null pointer when none is readable.
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
    if (!part.empty()) out_[field] = {uint16_t(part.data - text_.data), uint16_t(part.size)};
  }
  void keep(const Header& header);
  void party(HeaderId id, SipField user, SipField domain, SipField tag);
  void contact();
  void originator();
  void credentials();
  void noteFolds();

  Bytes text_;
  SipMessage& out_;
  LineScanner lines_;
  HeaderValues values_;
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
  if (start.kind == kSipUnreadable && readHeader(line, header)) lines_.returnTo(first);
  if (start.kind != kSipRequest) return;
  // RFC 4475 section 3.1.2.7: angle brackets do not belong here, and say nothing.
  const Uri uri = readUri(start.ruri[0] == '<' ? readNameAddr(start.ruri).uri : start.ruri);
  put(SipField::ruriUser, uri.user);
  put(SipField::ruriDomain, uri.host);
}

void Reading::headers() {
  HeaderLine line;
  Header header;
  while (lines_.header(line)) {
    if (!readHeader(line.text, header)) {
      out_.notes |= kSipBadHeader;
    } else if (header.id != HeaderId::other) {
      keep(header);
      folded_ |= line.folded;
    }
  }
}

void Reading::keep(const Header& header) {
  Bytes& first = values_[header.id];
  if (first.data != nullptr) return;
  const bool identity = header.id == HeaderId::assertedIdentity || header.id == HeaderId::preferredIdentity;
  first = identity ? identityUser(header.value) : header.value;
}

void Reading::columns() {
  party(HeaderId::from, SipField::fromUser, SipField::fromDomain, SipField::fromTag);
  party(HeaderId::to, SipField::toUser, SipField::toDomain, SipField::toTag);
  contact();
  originator();
  credentials();
  const bool asserted = values_.has(HeaderId::assertedIdentity);
  put(SipField::pidUser, values_[asserted ? HeaderId::assertedIdentity : HeaderId::preferredIdentity]);
  const Bytes rtpStat = values_[HeaderId::xRtpStat];
  put(SipField::rtpStat, rtpStat.empty() ? values_[HeaderId::pRtpStat] : rtpStat);
  put(SipField::via, values_[HeaderId::via]);
  put(SipField::viaBranch, viaBranch(values_[HeaderId::via]));
  put(SipField::cseq, values_[HeaderId::cseq]);
  put(SipField::cseqMethod, cseqMethod(values_[HeaderId::cseq]));
  put(SipField::callId, values_[HeaderId::callId]);
  put(SipField::xCid, values_[HeaderId::xCid]);
  put(SipField::reason, values_[HeaderId::reason]);
  put(SipField::contentType, values_[HeaderId::contentType]);
  put(SipField::userAgent, values_[HeaderId::userAgent]);
  put(SipField::diversion, values_[HeaderId::diversion]);
  if (folded_) noteFolds();
  if (lines_.sawEmptyLine()) put(SipField::body, lines_.rest());
}

void Reading::party(HeaderId id, SipField user, SipField domain, SipField tag) {
  const NameAddr address = readNameAddr(values_[id]);
  const Uri uri = readUri(address.uri);
  put(user, uri.user);
  put(domain, uri.host);
  put(tag, findHeaderParam(address.params, "tag"));
}

void Reading::contact() {
  const Uri uri = readUri(readNameAddr(values_[HeaderId::contact]).uri);
  put(SipField::contactUser, uri.user);
  put(SipField::contactHost, uri.host);
  out_.contactPort = uri.port;
}

void Reading::originator() {
  const HostPort where = readHostPort(values_[HeaderId::xOip]);
  put(SipField::originatorHost, where.host);
  out_.originatorPort = where.port;
}

void Reading::credentials() {
  const Bytes proxy = values_[HeaderId::proxyAuthorization];
  const Bytes server = values_[HeaderId::authorization];
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

}  // namespace

void parseSip(Bytes payload, SipMessage& out) {
  out = SipMessage{};
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
