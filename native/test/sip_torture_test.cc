// Messages after the cases of RFC 4475 that are valid or refused only by meaning, in our own words: each
// shows the trait that the section is about.
#include <doctest/doctest.h>

#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

// White space and folds stand wherever the grammar lets them, names are compact or oddly cased.
TEST_CASE("sip torture 4475 3.1.1.1: a short tortuous INVITE") {
  const ParsedSip parsed(
      "INVITE sip:anna@example.org;maddr=192.0.2.5?Subject=hello SIP/2.0\r\n"
      "tO :\r\n   sip:anna@rest.example.org ;\t tag   =  77aa88n\r\n"
      "fRoM   : \"A. \\\\\\\"Quote\\\"\"     <sip:ben@example.org>\r\n  ;\r\n  tag = 4321\r\n"
      "mAx-fOrWaRdS: 0070\r\n"
      "I :\r\n \ttortuous.4711@192.0.2.7\r\n"
      "CSEQ: 0042\r\n\tINVITE\r\n"
      "vIA : SIP / 2.0\r\n /UDP 192.0.2.2;BRANCH = z9hG4bKone\r\n"
      "s :\r\n"
      "X-Unheard-Of : first line\r\n second line ;;,,\r\n"
      "Odd_Header~Name: ;;=,,;\r\n"
      "c :\r\n application/sdp\r\n"
      "rOUTE:\r\n <sip:192.0.2.9;lr>\r\n"
      "V: SIP / 2.0 / TCP relay.example.org ;\r\n branch = z9hG4bKtwo ,\r\n SIP/2.0/UDP 192.0.2.8 ; "
      "branch=z9hG4bKthree\r\n"
      "M:\"Quoted \\\"\\\" text\" <sip:cleo@example.org> ; fresh = one ;\r\n two ; q = 0.42\r\n"
      "\r\nv=0\r\n");
  CHECK(parsed.sip.kind == kSipRequest);
  CHECK((parsed.sip.notes & kSipBadHeader) == 0);
  CHECK(parsed[SipField::ruriUser] == "anna");
  CHECK(parsed[SipField::ruriDomain] == "example.org");
  CHECK(parsed[SipField::toUser] == "anna");
  CHECK(parsed[SipField::toDomain] == "rest.example.org");
  CHECK(parsed[SipField::toTag] == "77aa88n");
  CHECK(parsed[SipField::fromUser] == "ben");
  CHECK(parsed[SipField::fromTag] == "4321");
  CHECK(parsed[SipField::callId] == "tortuous.4711@192.0.2.7");
  CHECK(parsed[SipField::cseqMethod] == "INVITE");
  CHECK(parsed[SipField::viaBranch] == "z9hG4bKone");
  CHECK(parsed[SipField::contentType] == "application/sdp");
  CHECK(parsed[SipField::contactUser] == "cleo");
  CHECK(parsed[SipField::contactHost] == "example.org");
  CHECK(parsed[SipField::body] == "v=0\r\n");
}

// Every place is filled with the strangest characters that it may hold: none of them may cut a part short.
TEST_CASE("sip torture 4475 3.1.1.2: the widest range of valid characters") {
  const ParsedSip parsed(
      "!Odd-Method.42_*+`%legal'~ "
      "sip:2_odd.URI~(is-it!so)&aren't+we$/wild?,/;;*:&pass=1$o~d.(isn't)@example.org SIP/2.0\r\n"
      "To: \"BEL:\\\x07 NUL:\\\x01 DEL:\\\x7f <sip:no@no>\" "
      "<sip:2_odd.URI~(is-it!so)&aren't+we$/wild?,/;;*@example.org>\r\n"
      "From: word1~` word2'+_ word3*%!.- "
      "<sip:plain@example.org>;odd''~+*_!.-%=\"\xd1\x80;tag=no\";tag=_word~1'+`*%!-.\r\n"
      "Call-ID: odd.word'+_*~`!%(x)<y>:\\/\"[z]?{1}@host\r\n"
      "CSeq: 99 !Odd-Method.42_*+`%legal'~\r\n\r\n");
  CHECK(parsed.sip.kind == kSipRequest);
  CHECK(parsed[SipField::method] == "!Odd-Method.42_*+`%legal'~");
  CHECK(parsed[SipField::ruriUser] == "2_odd.URI~(is-it!so)&aren't+we$/wild?,/;;*");
  CHECK(parsed[SipField::ruriDomain] == "example.org");
  CHECK(parsed[SipField::toUser] == parsed[SipField::ruriUser]);
  CHECK(parsed[SipField::fromUser] == "plain");
  CHECK(parsed[SipField::fromTag] == "_word~1'+`*%!-.");
  CHECK(parsed[SipField::callId] == "odd.word'+_*~`!%(x)<y>:\\/\"[z]?{1}@host");
  CHECK(parsed[SipField::cseqMethod] == parsed[SipField::method]);
}

// An escaped @ or colon is part of the user; nothing is unescaped on the way into a column.
TEST_CASE("sip torture 4475 3.1.1.3: escapes in URIs") {
  const ParsedSip parsed =
      options("sip:sips%3Ajoe%40example.net@example.org;x=y", "Contact: <sip:%6aoe@%65xample.org>\r\n");
  CHECK(parsed[SipField::ruriUser] == "sips%3Ajoe%40example.net");
  CHECK(parsed[SipField::ruriDomain] == "example.org");
  CHECK(parsed[SipField::contactUser] == "%6aoe");
  checkRest(parsed);
}

// %00 is four letters to us: no string may end there.
TEST_CASE("sip torture 4475 3.1.1.4: escaped nulls") {
  const ParsedSip parsed =
      options("sip:nul-%00-nul@example.org", "Contact: <sip:%00@host.example.org>, <sip:%00%00@x>\r\n");
  CHECK(parsed[SipField::ruriUser] == "nul-%00-nul");
  CHECK(parsed[SipField::contactUser] == "%00");
  CHECK(parsed[SipField::contactHost] == "host.example.org");
}

// A % in a method or a display name is only a %, so RE%47 is another method than REG.
TEST_CASE("sip torture 4475 3.1.1.5: a % that escapes nothing") {
  const ParsedSip parsed(
      "RE%47ISTER sip:example.org SIP/2.0\r\nTo: \"%Z%45\" <sip:joe@example.org>\r\nCSeq: 1 "
      "RE%47ISTER\r\n\r\n");
  CHECK(parsed[SipField::method] == "RE%47ISTER");
  CHECK(parsed[SipField::cseqMethod] == "RE%47ISTER");
  CHECK(parsed[SipField::toUser] == "joe");
}

TEST_CASE("sip torture 4475 3.1.1.6: no white space between the display name and <") {
  const ParsedSip parsed(
      "OPTIONS sip:a@example.org SIP/2.0\r\nFrom: joe<sip:joe@example.org>;tag=31\r\n\r\n");
  CHECK(parsed[SipField::fromUser] == "joe");
  CHECK(parsed[SipField::fromTag] == "31");
}

// Nothing is too long for a span; what is too wide for a column is cut later, and counted.
TEST_CASE("sip torture 4475 3.1.1.7: long values") {
  const std::string user(3000, 'u'), tag(2000, 't'), host(1500, 'h'), id(4000, 'i');
  const ParsedSip parsed("INVITE sip:" + user + "@" + host + " SIP/2.0\r\nFrom: <sip:" + user + "@" + host +
                         ":12345>;tag=" + tag + "\r\nCall-ID: " + id + "\r\nVia: SIP/2.0/TCP " + host +
                         ";branch=z9hG4bK" + tag + "\r\n\r\n");
  CHECK(parsed[SipField::ruriUser] == user);
  CHECK(parsed[SipField::fromDomain] == host);
  CHECK(parsed[SipField::fromTag] == tag);
  CHECK(parsed[SipField::callId] == id);
  CHECK(parsed[SipField::viaBranch] == "z9hG4bK" + tag);
}

// What follows the message in its datagram is not a second message, and changes nothing of the first.
TEST_CASE("sip torture 4475 3.1.1.8: extra octets at the end of the datagram") {
  const ParsedSip parsed("REGISTER sip:example.org SIP/2.0\r\nContent-Length: 0\r\n" + kRest +
                         "\r\nINVITE sip:second@example.org SIP/2.0\r\nCall-ID: second\r\n\r\n");
  CHECK(parsed[SipField::method] == "REGISTER");
  checkRest(parsed);
}

TEST_CASE("sip torture 4475 3.1.1.9: semicolons in the user part") {
  const ParsedSip parsed = options("sip:ann;par=a%40b@example.org;lr");
  CHECK(parsed[SipField::ruriUser] == "ann;par=a%40b");
  CHECK(parsed[SipField::ruriDomain] == "example.org");
}

// The branch does not depend on the transport being one that we know.
TEST_CASE("sip torture 4475 3.1.1.10: unknown transports") {
  for (const std::string transport : {"UDP", "SCTP", "TLS", "UNHEARD-OF"}) {
    const ParsedSip parsed = withHeaders("Via: SIP/2.0/" + transport + " t1.example.org;branch=z9hG4bKt\r\n");
    CHECK(parsed[SipField::viaBranch] == "z9hG4bKt");
  }
}

// Binary parts, NULs among them, belong to the body and end nothing.
TEST_CASE("sip torture 4475 3.1.1.11: a multipart body with binary parts") {
  using namespace std::string_literals;
  const std::string body =
      "--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\n\r\n0\x82\x00\x01\xff\r\n--x--"s;
  const ParsedSip parsed("MESSAGE sip:a@example.org SIP/2.0\r\nContent-Type: multipart/mixed;boundary=x\r\n" +
                         kRest + "\r\n" + body);
  CHECK(parsed[SipField::body] == body);
  CHECK(parsed[SipField::contentType] == "multipart/mixed;boundary=x");
  checkRest(parsed);
}

TEST_CASE("sip torture 4475 3.1.1.12: an unusual reason phrase") {
  const ParsedSip parsed("SIP/2.0 200 = 2**3 * 5**2 \xd0\xb4\xd0\xb0, SIP/2.0\r\n" + kRest + "\r\n");
  CHECK(parsed.sip.status == 200);
  CHECK(parsed[SipField::replyReason] == "= 2**3 * 5**2 \xd0\xb4\xd0\xb0, SIP/2.0");
  checkRest(parsed);
}

TEST_CASE("sip torture 4475 3.1.1.13: an empty reason phrase") {
  const ParsedSip parsed("SIP/2.0 100 \r\n" + kRest + "\r\n");
  CHECK(parsed.sip.kind == kSipReply);
  CHECK(parsed.sip.status == 100);
  CHECK(parsed[SipField::replyReason] == "");
  checkRest(parsed);
}

TEST_CASE("sip torture 4475 3.2.1: a branch that is only the cookie") {
  CHECK(withHeaders("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\r\n")[SipField::viaBranch] == "z9hG4bK");
}

// What is missing is empty; a message without Via must not cost the process.
TEST_CASE("sip torture 4475 3.3.1: required headers are missing") {
  const ParsedSip parsed("INVITE sip:joe@example.org SIP/2.0\r\nCSeq: 193942 INVITE\r\n\r\n");
  CHECK(parsed.sip.kind == kSipRequest);
  CHECK(parsed[SipField::cseqMethod] == "INVITE");
  for (const SipField field :
       {SipField::via, SipField::viaBranch, SipField::callId, SipField::fromUser, SipField::toUser})
    CHECK(parsed[field] == "");
}

TEST_CASE("sip torture 4475 3.3.2 and 3.3.3: schemes that are not SIP in the Request-URI") {
  const ParsedSip unknown = options("unheardOfScheme:opaque");
  CHECK(unknown.sip.kind == kSipRequest);
  CHECK(unknown[SipField::ruri] == "unheardOfScheme:opaque");
  CHECK(unknown[SipField::ruriUser] == "");
  CHECK(unknown[SipField::ruriDomain] == "");
  const ParsedSip atypical = options("soap.beep://192.0.2.103:3002");
  CHECK(atypical[SipField::ruriDomain] == "192.0.2.103");
  checkRest(atypical);
}

TEST_CASE("sip torture 4475 3.3.4: unknown schemes in the headers") {
  const ParsedSip parsed = withHeaders(
      "To: isbn:2983792873\r\nFrom: <http://www.example.org>;tag=3\r\nContact: <name:Jo_Doe>\r\n");
  CHECK(parsed[SipField::toUser] == "");
  CHECK(parsed[SipField::toDomain] == "");
  CHECK(parsed[SipField::fromDomain] == "www.example.org");
  CHECK(parsed[SipField::fromTag] == "3");
  CHECK(parsed[SipField::contactUser] == "");
}

TEST_CASE("sip torture 4475 3.3.5 and 3.3.6: extensions and types that nobody knows") {
  const ParsedSip parsed =
      options("sip:joe@example.org", "Require: nothingKnown\r\nContent-Type: application/unknown\r\n");
  CHECK(parsed[SipField::contentType] == "application/unknown");
  checkRest(parsed);
}

TEST_CASE("sip torture 4475 3.3.7: an unknown authorization scheme is kept whole, and names nobody") {
  const ParsedSip parsed = withHeaders("Authorization: UnknownScheme username=\"x\",data=abc\r\n");
  CHECK(parsed[SipField::auth] == "UnknownScheme username=\"x\",data=abc");
  CHECK(parsed[SipField::authUser] == "");
}

TEST_CASE("sip torture 4475 3.3.8 and 3.3.9: headers that may stand once stand twice; the first counts") {
  const ParsedSip parsed = withHeaders(
      "CSeq: 5 INVITE\r\nCall-ID: one@a\r\nFrom: <sip:one@a>;tag=1\r\nCSeq: 59 BYE\r\nCall-ID: two@a\r\n"
      "From: <sip:two@a>;tag=2\r\nContent-Length: 5\r\nContent-Length: 500\r\n");
  CHECK(parsed[SipField::cseq] == "5 INVITE");
  CHECK(parsed[SipField::callId] == "one@a");
  CHECK(parsed[SipField::fromUser] == "one");
  CHECK(parsed[SipField::fromTag] == "1");
}

TEST_CASE("sip torture 4475 3.3.10: a reply whose second Via is the broadcast address") {
  const ParsedSip parsed(
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bKours\r\nVia: SIP/2.0/UDP "
      "255.255.255.255;branch=z9hG4bKno\r\n\r\n");
  CHECK(parsed[SipField::via] == "SIP/2.0/UDP 192.0.2.198;branch=z9hG4bKours");
  CHECK(parsed[SipField::viaBranch] == "z9hG4bKours");
}

TEST_CASE("sip torture 4475 3.3.11: Max-Forwards of zero is somebody else's concern") {
  checkRest(options("sip:joe@example.org", "Max-Forwards: 0\r\n"));
}

// Unknown parameters belong to the header without angle brackets and to the URI with them; the user stays.
TEST_CASE("sip torture 4475 3.3.12 to 3.3.14: parameters and headers of a Contact") {
  for (const char* contact :
       {"sip:+19725550@gw.example.org;unknownparam", "<sip:+19725550@gw.example.org;unknownparam>",
        "<sip:+19725550@gw.example.org?Route=%3Csip:p.example.org%3E>"}) {
    const ParsedSip parsed = withHeaders("Contact: " + std::string(contact) + "\r\n");
    CHECK(parsed[SipField::contactUser] == "+19725550");
    CHECK(parsed[SipField::contactHost] == "gw.example.org");
  }
}

TEST_CASE("sip torture 4475 3.3.15: an Accept that cannot be met") {
  checkRest(options("sip:joe@example.org", "Accept: text/nobodyKnowsThis\r\n"));
}

// RFC 2543 had no branch, no tags and no cookie.
TEST_CASE("sip torture 4475 3.4.1: an INVITE of the old standard") {
  const ParsedSip parsed(
      "INVITE sip:jo@example.org SIP/2.0\r\nVia: SIP/2.0/UDP host.example.org (a comment)\r\nTo: \"Jo\" "
      "<sip:jo@example.org>\r\n"
      "From: sip:ann@example.org\r\nCall-ID: old@host\r\nCSeq: 31419 INVITE\r\n\r\n");
  CHECK(parsed[SipField::via] == "SIP/2.0/UDP host.example.org (a comment)");
  CHECK(parsed[SipField::viaBranch] == "");
  CHECK(parsed[SipField::fromUser] == "ann");
  CHECK(parsed[SipField::fromTag] == "");
}
