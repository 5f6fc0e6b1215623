// The message as a whole: every column of a request and of a reply, and any input at all.
#include "sip/message.h"

#include <doctest/doctest.h>

#include <cstring>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

// Every span lies in the payload, and in the reach of 16 bits.
void checkInside(const ParsedSip& parsed) {
  const size_t size = parsed.input.bytes().size;
  for (const Span& span : parsed.sip.fields) CHECK(size_t(span.offset) + span.length <= size);
}

bool operator==(const Span& one, const Span& other) {
  return one.offset == other.offset && one.length == other.length;
}

}  // namespace

TEST_CASE("sip message: every column of a request") {
  const ParsedSip invite(kInvite);
  CHECK(invite.sip.kind == kSipRequest);
  CHECK(invite.sip.notes == 0);
  CHECK(invite.sip.status == 0);
  CHECK(invite[SipField::method] == "INVITE");
  CHECK(invite[SipField::replyReason] == "");
  CHECK(invite[SipField::ruri] == "sip:bob@biloxi.example.com");
  CHECK(invite[SipField::ruriUser] == "bob");
  CHECK(invite[SipField::ruriDomain] == "biloxi.example.com");
  CHECK(invite[SipField::fromUser] == "alice");
  CHECK(invite[SipField::fromDomain] == "atlanta.example.com");
  CHECK(invite[SipField::fromTag] == "1928301774");
  CHECK(invite[SipField::toUser] == "bob");
  CHECK(invite[SipField::toDomain] == "biloxi.example.com");
  CHECK(invite[SipField::toTag] == "");
  CHECK(invite[SipField::pidUser] == "+15550100");
  CHECK(invite[SipField::contactUser] == "alice");
  CHECK(invite[SipField::contactHost] == "192.0.2.4");
  CHECK(invite.sip.contactPort == 5062);
  CHECK(invite[SipField::authUser] == "alice");
  CHECK(invite[SipField::auth].substr(0, 16) == "Digest username=");
  CHECK(invite[SipField::auth].substr(invite[SipField::auth].size() - 18) == "\"7587245234b3434c\"");
  CHECK(invite[SipField::callId] == "a84b4c76e66710@pc33.atlanta.example.com");
  CHECK(invite[SipField::xCid] == "leg-1@sbc.example.com");
  CHECK(invite[SipField::via] == "SIP/2.0/UDP pc33.atlanta.example.com:5060;branch=z9hG4bK776asdhds;rport");
  CHECK(invite[SipField::viaBranch] == "z9hG4bK776asdhds");
  CHECK(invite[SipField::cseq] == "314159 INVITE");
  CHECK(invite[SipField::cseqMethod] == "INVITE");
  CHECK(invite[SipField::reason] == "Q.850;cause=16;text=\"Terminated\"");
  CHECK(invite[SipField::contentType] == "application/sdp");
  CHECK(invite[SipField::userAgent] == "Softphone Beta 1.5");
  CHECK(invite[SipField::diversion] == "<sip:carol@example.com>;reason=no-answer");
  CHECK(invite[SipField::originatorHost] == "198.51.100.7");
  CHECK(invite.sip.originatorPort == 5066);
  CHECK(invite[SipField::rtpStat] == "PS=10,OS=1600");
  CHECK(invite[SipField::body] == "v=0\r\n");
}

TEST_CASE("sip message: a reply, in compact form, with a folded Via") {
  const ParsedSip ringing(kRinging);
  CHECK(ringing.sip.kind == kSipReply);
  CHECK(ringing.sip.status == 180);
  CHECK(ringing.sip.notes == kSipFolded);
  CHECK(ringing[SipField::method] == "180");
  CHECK(ringing[SipField::replyReason] == "Ringing");
  CHECK(ringing[SipField::ruri] == "");
  CHECK(ringing[SipField::ruriUser] == "");
  CHECK(ringing[SipField::fromUser] == "alice");
  CHECK(ringing[SipField::fromTag] == "1928301774");
  CHECK(ringing[SipField::toTag] == "a6c85cf");
  CHECK(ringing[SipField::callId] == "a84b4c76e66710@pc33.atlanta.example.com");
  CHECK(ringing[SipField::viaBranch] == "z9hG4bK4b43c2ff8.1");
  CHECK(ringing[SipField::via] ==
        "SIP/2.0/UDP server10.biloxi.example.com;branch=z9hG4bK4b43c2ff8.1,\r\n SIP/2.0/UDP "
        "pc33.atlanta.example.com;branch=z9hG4bK776asdhds");
  CHECK(ringing[SipField::contactHost] == "2001:db8::4");
  CHECK(ringing.sip.contactPort == 5061);
  CHECK(ringing[SipField::body] == "");
}

TEST_CASE("sip message: every prefix is read within its bounds, and its kind is known with its first line") {
  for (const std::string& whole : {kInvite, kRinging}) {
    for (size_t size = 0; size <= whole.size(); size++) {
      const ParsedSip parsed(std::string_view(whole).substr(0, size));
      checkInside(parsed);
      const size_t firstLine = whole.find('\r');
      if (size >= firstLine) CHECK(parsed.sip.kind == ParsedSip(whole).sip.kind);
    }
  }
}

TEST_CASE("sip message: every suffix is read within its bounds") {
  for (const std::string& whole : {kInvite, kRinging})
    for (size_t from = 0; from <= whole.size(); from++)
      checkInside(ParsedSip(std::string_view(whole).substr(from)));
}

TEST_CASE("sip message: each octet replaced by each octet that means something") {
  using namespace std::string_literals;
  const std::string meaningful = "\0\r\n\t \"\\<>@:;,=?[]*/S9\x80\xff"s;
  for (const std::string& whole : {kInvite, kRinging}) {
    for (size_t at = 0; at < whole.size(); at++) {
      for (const char octet : meaningful) {
        std::string changed = whole;
        changed[at] = octet;
        SipMessage sip;
        parseSip(Bytes(changed), sip);
        bool inside = true;
        for (const Span& span : sip.fields) inside &= size_t(span.offset) + span.length <= changed.size();
        CHECK(inside);
      }
    }
  }
}

TEST_CASE("sip message: nothing of an earlier message is left in the record") {
  SipMessage sip;
  const std::string full = kInvite;
  parseSip(Bytes(full), sip);
  parseSip(Bytes(), sip);
  CHECK(sip.kind == kSipUnreadable);
  CHECK(sip.notes == 0);
  CHECK(sip.contactPort == 0);
  CHECK(sip.originatorPort == 0);
  for (const Span& span : sip.fields) CHECK(span == Span{});
}

TEST_CASE("sip message: nothing, keep-alives and noise") {
  for (const std::string_view text :
       {std::string_view(""), std::string_view("\r\n\r\n"), std::string_view("\0\0\0\0", 4),
        std::string_view("\r\n"), std::string_view("\x80\xc8\x00\x06", 4), std::string_view("\n\n\n")}) {
    const ParsedSip parsed(text);
    CHECK(parsed.sip.kind == kSipUnreadable);
    for (const Span& span : parsed.sip.fields) CHECK(span == Span{});
  }
}

TEST_CASE("sip message: headers are found even where the first line says nothing") {
  const ParsedSip garbage("~~~ not SIP ~~~\r\nCall-ID: 1@a\r\nFrom: <sip:x@y>;tag=t\r\n\r\n");
  CHECK(garbage.sip.kind == kSipUnreadable);
  CHECK(garbage.sip.notes == 0);
  CHECK(garbage[SipField::method] == "");
  CHECK(garbage[SipField::callId] == "1@a");
  CHECK(garbage[SipField::fromTag] == "t");
}

TEST_CASE("sip message: a first line that is a header is read as one, folds included") {
  const ParsedSip headless("From: \"A\"\r\n <sip:x@y>\r\nCall-ID: 1@a\r\n\r\nbody");
  CHECK(headless.sip.kind == kSipUnreadable);
  CHECK(headless[SipField::fromUser] == "x");
  CHECK(headless[SipField::callId] == "1@a");
  CHECK(headless[SipField::body] == "body");
}

TEST_CASE("sip message: the first header of a name counts, whatever its spelling") {
  const ParsedSip twice = withHeaders("i: first\r\nCall-ID: second\r\nSubject: x\r\ncall-id: third\r\n");
  CHECK(twice[SipField::callId] == "first");
  const ParsedSip empty = withHeaders("Call-ID:\r\nCall-ID: second\r\n");
  CHECK(empty[SipField::callId] == "");
}

TEST_CASE("sip message: a line of the header section that is no header is noted and passed") {
  for (const std::string line : {"no colon here", ": no name", "two words: x", "n\xc3\xa4me: x", "\x01: x"}) {
    const ParsedSip bad = withHeaders(line + "\r\nCall-ID: 1@a\r\n");
    CHECK_MESSAGE(bad.sip.notes == kSipBadHeader, line);
    CHECK(bad[SipField::callId] == "1@a");
  }
  CHECK(withHeaders("X!%*_+`'~.-9: x\r\n").sip.notes == 0);
}

TEST_CASE("sip message: pid_user is of the first readable identity") {
  const auto pid = [](const std::string& lines) { return withHeaders(lines)[SipField::pidUser]; };
  const std::string asserted = "P-Asserted-Identity: ", preferred = "p-preferred-identity: ";
  CHECK(pid(asserted + "<sip:a@x>, <tel:+1>\r\n") == "a");
  CHECK(pid(asserted + "<tel:+1;ext=2>, <sip:a@x>\r\n") == "+1");
  CHECK(pid(asserted + "tel:+1;ext=2, sip:a@x\r\n") == "+1");
  CHECK(pid(asserted + "nonsense, \"B, C\" <sip:b@x>\r\n") == "b");
  CHECK(pid(asserted + "<nonsense>, <sip:b@x>\r\n") == "b");
  CHECK(pid(asserted + "nonsense\r\n" + asserted + "<sip:c@x>\r\n") == "c");
  CHECK(pid(preferred + "<sip:p@x>\r\n" + asserted + "<sip:a@x>\r\n") == "a");
  CHECK(pid(preferred + "<sip:p@x>\r\n" + asserted + "nonsense\r\n") == "p");
  CHECK(pid(preferred + "<sip:p@x>\r\n") == "p");
  CHECK(pid(preferred + "<sip:p@x>\r\n" + asserted + "<sip:anonymous.invalid>\r\n") == "");
  CHECK(pid("Subject: none\r\n") == "");
}

TEST_CASE("sip message: contact fields are of the first value, and * has none") {
  const ParsedSip two =
      withHeaders("Contact: <sip:a@one:5070>;q=0.7, <sip:b@two>\r\nContact: <sip:c@three>\r\n");
  CHECK(two[SipField::contactUser] == "a");
  CHECK(two[SipField::contactHost] == "one");
  CHECK(two.sip.contactPort == 5070);
  const ParsedSip star = withHeaders("Contact: *\r\n");
  CHECK(star[SipField::contactUser] == "");
  CHECK(star[SipField::contactHost] == "");
  CHECK(star.sip.contactPort == 0);
  CHECK(star.sip.notes == 0);
}

TEST_CASE("sip message: X-OIP is read within its own line") {
  struct Case {
    const char* value;
    const char* host;
    unsigned port;
  };
  for (const Case& c : {Case{"192.0.2.1:5060", "192.0.2.1", 5060},
                        {"192.0.2.1", "192.0.2.1", 0},
                        {"[2001:db8::1]:5062", "2001:db8::1", 5062},
                        {"[2001:db8::1]", "2001:db8::1", 0},
                        {"2001:db8::1", "2001:db8::1", 0},
                        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", 0},
                        {"sbc.example.com:5080", "sbc.example.com", 5080},
                        {"192.0.2.1:99999", "192.0.2.1", 0},
                        {"", "", 0}}) {
    const ParsedSip parsed = withHeaders("X-OIP: " + std::string(c.value) + "\r\nX-Next: 1:2222\r\n");
    CHECK_MESSAGE(parsed[SipField::originatorHost] == c.host, c.value);
    CHECK_MESSAGE(parsed.sip.originatorPort == c.port, c.value);
  }
}

TEST_CASE("sip message: X-RTP-Stat, else P-RTP-Stat") {
  CHECK(withHeaders("P-RTP-Stat: p\r\nX-RTP-Stat: x\r\n")[SipField::rtpStat] == "x");
  CHECK(withHeaders("P-RTP-Stat: p\r\n")[SipField::rtpStat] == "p");
}

TEST_CASE("sip message: what lies beyond 65,535 octets is not looked at") {
  const std::string start = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: near\r\n";
  const std::string filler = "X-Filler: " + std::string(65535, 'x') + "\r\n";
  const ParsedSip far(start + filler + "From: <sip:far@b>\r\n\r\nbody");
  CHECK(far.sip.kind == kSipRequest);
  CHECK((far.sip.notes & kSipBeyondReach) != 0);
  CHECK(far[SipField::callId] == "near");
  CHECK(far[SipField::fromUser] == "");
  CHECK(far[SipField::body] == "");
}

TEST_CASE("sip message: offsets and lengths keep to 16 bits at the very edge") {
  const std::string start = "OPTIONS sip:a@b SIP/2.0\r\nUser-Agent: ";
  for (size_t total = 65530; total <= 65542; total++) {
    const std::string value(total - start.size() - 4, 'u');
    const ParsedSip edge(start + value + "\r\n\r\n");
    checkInside(edge);
    const Span& agent = edge.sip[SipField::userAgent];
    CHECK(agent.offset == start.size());
    CHECK(agent.length == std::min(value.size(), 65535 - start.size()));
    // The first octet of the empty line is enough to end the header section.
    CHECK(((edge.sip.notes & kSipBeyondReach) != 0) == (total > 65536));
  }
}

TEST_CASE("sip message: a long body is cut at 65,535 octets and is nothing to note") {
  const std::string head = "MESSAGE sip:a@b SIP/2.0\r\n\r\n";
  const ParsedSip large(head + std::string(70000, 'b'));
  CHECK(large.sip.notes == 0);
  CHECK(large.sip[SipField::body].offset == head.size());
  CHECK(large.sip[SipField::body].length == 65535 - head.size());
}

// Each of these costs a quadratic reader minutes; the answers show that all of it was seen.
TEST_CASE("sip message: 60 KB of what invites to start over") {
  const auto repeated = [](const std::string& part) {
    std::string text;
    while (text.size() + part.size() <= 60000) text += part;
    return text;
  };
  for (const std::string part :
       {"<", "\"", "\\",   ";",        ",",    "\r\n ", "@",          ":",
        "=", "a,", "\"\\", "\"<x>,\\", ";tag", ";x=\"", "<sip:a@b>,", "username=\"a\",",
        "[", " ",  "\t",   "a:",       "sip:", "%40"}) {
    for (const std::string name : {"From", "To", "Contact", "Via", "P-Asserted-Identity",
                                   "Proxy-Authorization", "CSeq", "X-OIP", "Subject"}) {
      const ParsedSip parsed = withHeaders(name + ": " + repeated(part) + "\r\nCall-ID: end\r\n");
      CHECK(parsed[SipField::callId] == "end");
    }
    const ParsedSip first("INVITE " + repeated(part) + " SIP/2.0\r\nCall-ID: end\r\n\r\n");
    CHECK(first[SipField::callId] == "end");
  }
}
