// What the SIP tests share: a message on a guarded page, parsed, and its fields as text.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "guarded.h"
#include "sip/message.h"

namespace hepcapd::test {

struct ParsedSip {
  GuardedBytes input;
  SipMessage sip;

  explicit ParsedSip(std::string_view text) : input(text) { parseSip(input.bytes(), sip); }

  std::string operator[](SipField field) const {
    const Span& span = sip[field];
    return std::string(input.bytes().text().substr(span.offset, span.length));
  }
};

// A request that has these header lines (each with its line end) and nothing else.
inline ParsedSip withHeaders(const std::string& lines) {
  return ParsedSip("OPTIONS sip:a@b SIP/2.0\r\n" + lines + "\r\n");
}

inline const std::string kInvite =
    "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP pc33.atlanta.example.com:5060;branch=z9hG4bK776asdhds;rport\r\n"
    "Max-Forwards: 70\r\n"
    "To: Bob <sip:bob@biloxi.example.com>\r\n"
    "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=1928301774\r\n"
    "Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n"
    "CSeq: 314159 INVITE\r\n"
    "Contact: <sip:alice@192.0.2.4:5062;transport=udp>\r\n"
    "P-Asserted-Identity: \"Alice\" <sip:+15550100@atlanta.example.com>\r\n"
    "Proxy-Authorization: Digest username=\"alice@atlanta.example.com\", realm=\"biloxi.example.com\", "
    "nonce=\"84a4cc6f3082121f\", uri=\"sip:bob@biloxi.example.com\", response=\"7587245234b3434c\"\r\n"
    "User-Agent: Softphone Beta 1.5\r\n"
    "X-CID: leg-1@sbc.example.com\r\n"
    "X-OIP: 198.51.100.7:5066\r\n"
    "Reason: Q.850;cause=16;text=\"Terminated\"\r\n"
    "Diversion: <sip:carol@example.com>;reason=no-answer\r\n"
    "X-RTP-Stat: PS=10,OS=1600\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 5\r\n"
    "\r\n"
    "v=0\r\n";

inline const std::string kRinging =
    "SIP/2.0 180 Ringing\r\n"
    "Via: SIP/2.0/UDP server10.biloxi.example.com;branch=z9hG4bK4b43c2ff8.1,\r\n"
    " SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bK776asdhds\r\n"
    "t: <sip:bob@biloxi.example.com>;tag=a6c85cf\r\n"
    "f: sip:alice@atlanta.example.com;tag=1928301774\r\n"
    "i: a84b4c76e66710@pc33.atlanta.example.com\r\n"
    "CSeq: 314159 INVITE\r\n"
    "m: <sips:bob@[2001:db8::4]:5061>\r\n"
    "l: 0\r\n"
    "\r\n";

// What the torture messages have besides their trait, and a message that has it.
inline const std::string kRest =
    "Via: SIP/2.0/UDP host.example.org;branch=z9hG4bKrest\r\n"
    "Call-ID: rest@host.example.org\r\n"
    "CSeq: 7 OPTIONS\r\n"
    "To: <sip:to@example.org>\r\n"
    "From: <sip:from@example.org>;tag=rest\r\n";

inline ParsedSip options(const std::string& uri, const std::string& headers = "") {
  return ParsedSip("OPTIONS " + uri + " SIP/2.0\r\n" + headers + kRest + "\r\n");
}

inline void checkRest(const ParsedSip& parsed) {
  CHECK(parsed[SipField::viaBranch] == "z9hG4bKrest");
  CHECK(parsed[SipField::callId] == "rest@host.example.org");
  CHECK(parsed[SipField::cseqMethod] == "OPTIONS");
  CHECK(parsed[SipField::toUser] == "to");
  CHECK(parsed[SipField::fromTag] == "rest");
}

}  // namespace hepcapd::test
