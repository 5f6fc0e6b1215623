// Header names: every name that a column needs, in any case, and nothing that only looks like one.
#include "sip/header_id.h"

#include <doctest/doctest.h>

#include <cctype>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;
using sip::HeaderId;

namespace {

HeaderId idOf(std::string_view name) { return sip::headerId(guarded(name).bytes()); }

struct Name {
  const char* text;
  HeaderId id;
};
const Name kNames[] = {{"Authorization", HeaderId::authorization},
                       {"Call-ID", HeaderId::callId},
                       {"CSeq", HeaderId::cseq},
                       {"Contact", HeaderId::contact},
                       {"Content-Type", HeaderId::contentType},
                       {"Diversion", HeaderId::diversion},
                       {"From", HeaderId::from},
                       {"P-Asserted-Identity", HeaderId::assertedIdentity},
                       {"P-Preferred-Identity", HeaderId::preferredIdentity},
                       {"P-RTP-Stat", HeaderId::pRtpStat},
                       {"Proxy-Authorization", HeaderId::proxyAuthorization},
                       {"Reason", HeaderId::reason},
                       {"To", HeaderId::to},
                       {"User-Agent", HeaderId::userAgent},
                       {"Via", HeaderId::via},
                       {"X-CID", HeaderId::xCid},
                       {"X-OIP", HeaderId::xOip},
                       {"X-RTP-Stat", HeaderId::xRtpStat},
                       {"c", HeaderId::contentType},
                       {"f", HeaderId::from},
                       {"i", HeaderId::callId},
                       {"m", HeaderId::contact},
                       {"t", HeaderId::to},
                       {"v", HeaderId::via}};

}  // namespace

TEST_CASE("sip header id: full and compact names in any case") {
  for (const Name& name : kNames) {
    std::string upper = name.text, lower = name.text;
    for (char& c : upper) c = char(std::toupper(c));
    for (char& c : lower) c = char(std::tolower(c));
    CHECK_MESSAGE(idOf(name.text) == name.id, name.text);
    CHECK_MESSAGE(idOf(upper) == name.id, upper);
    CHECK_MESSAGE(idOf(lower) == name.id, lower);
  }
}

TEST_CASE("sip header id: one letter changed, lost or added is another header") {
  for (const Name& name : kNames) {
    const std::string text = name.text;
    if (text.size() < 2) continue;
    for (size_t at = 0; at < text.size(); at++) {
      std::string changed = text;
      changed[at] = '1';
      CHECK_MESSAGE(idOf(changed) == HeaderId::other, changed);
    }
    CHECK_MESSAGE(idOf(text + "s") == HeaderId::other, text);
    if (text.size() > 2) CHECK_MESSAGE(idOf(text.substr(0, text.size() - 1)) == HeaderId::other, text);
  }
  for (const char* name : {"Max-Forwards", "Subject", "s", "k", "l", "Server", "Content-Length", "-", "x"})
    CHECK_MESSAGE(idOf(name) == HeaderId::other, name);
}

// RFC 3261 section 25.1: HCOLON is any white space, a colon, and any white space.
TEST_CASE("sip header: white space on both sides of the colon") {
  for (const char* line : {"Call-ID:1@a", "Call-ID: 1@a", "Call-ID :1@a", "Call-ID \t :\t 1@a \t", "i : 1@a",
                           "Call-ID:\r\n 1@a", "Call-ID: 1@a\r\n "})
    CHECK_MESSAGE(withHeaders(line + std::string("\r\n"))[SipField::callId] == "1@a", line);
}

TEST_CASE("sip header: an empty value is a value") {
  const GuardedBytes line = guarded("Call-ID:");
  sip::Header header;
  CHECK(sip::readHeader(line.bytes(), line.bytes().data + 7, header));
  CHECK(header.id == HeaderId::callId);
  CHECK(header.value.empty());
  CHECK(header.value.data != nullptr);
}
