// Octets in order -> SIP messages: every cut, every kind of length, and everything that is no SIP.
#include "segments.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

// What comes out of one stream that is sent in pieces of this size.
Texts inPieces(const std::string& stream, size_t size) {
  Line line;
  for (size_t at = 0; at < stream.size(); at += size) line.send(stream.substr(at, size));
  const Texts messages = line.messages;
  line.finish();
  CHECK(line.messages == messages);
  return messages;
}

const Texts kConversation = {
    request("first", "v=0\r\n"),
    reply("without body"),
    request("empty lines in the body", "\r\n\r\nSIP/2.0 200 OK\r\n\r\n"),
    "SIP/2.0 100 Trying\nCall-ID: bare line feeds\nContent-Length: 3\n\nabc",
    "OPTIONS sip:a SIP/2.0\r\nCONTENT-LENGTH \t:\r\n  4\r\nCall-ID: folded\r\n\r\n1234",
    "ACK sip:a SIP/2.0\r\nl:2\r\nContent-Length: 77\r\n\r\nok",
    "ACK sip:a SIP/2.0\r\nContent-Length: 00000000000000000000002\r\n\r\nok",
    "BYE sip:a SIP/2.0\r\nX-Content-Length: 9\r\nSubject: x\r\n Content-Length: 8\r\nContent-Length: "
    "0\r\n\r\n",
};

}  // namespace

TEST_CASE(
    "stream framer: many messages in one segment, each in as many pieces as it has octets, all between") {
  const std::string stream = joined(kConversation);
  for (size_t size = 1; size <= stream.size(); size++) CHECK(inPieces(stream, size) == kConversation);
}

TEST_CASE("stream framer: two segments, cut at every octet") {
  const std::string stream = joined(kConversation);
  for (size_t cut = 0; cut <= stream.size(); cut++) {
    Line line;
    line.send(stream.substr(0, cut));
    line.send(stream.substr(cut));
    CHECK(line.messages == kConversation);
    CHECK(line.streams.held() == 0);
    CHECK(line.count(StreamEvent::messages) == kConversation.size());
    CHECK(line.count(StreamEvent::skippedOctets) == 0);
  }
}

TEST_CASE("stream framer: keep-alives are no messages and nothing that is skipped (RFC 5626 section 4.4.1)") {
  const std::string stream = "\r\n\r\n" + request("a", "x") + "\r\n" + "\r\n\r\n" + reply("b") + "\r\n\r\n";
  for (size_t size = 1; size <= stream.size(); size++) {
    CHECK(inPieces(stream, size) == Texts{request("a", "x"), reply("b")});
  }
  Line line;
  line.send(stream);
  CHECK(line.count(StreamEvent::skippedOctets) == 0);
}

TEST_CASE("stream framer: an unfinished message is counted and not handed on") {
  const std::string message = request("a", "body");
  for (size_t cut = message.find("\r\n") + 2; cut < message.size(); cut++) {
    Line line;
    line.send(message.substr(0, cut));
    line.finish();
    CHECK(line.messages.empty());
    CHECK(line.count(StreamEvent::incomplete) == 1);
  }
}

TEST_CASE("stream framer: a stream that is entered in the middle goes on with the next start line") {
  const std::string stream = request("a", "lost body\r\n") + request("b") + reply("c", "x");
  const size_t firstLine = stream.find("\r\n");
  for (size_t cut = firstLine; cut < request("a", "lost body\r\n").size(); cut++) {
    Sniffer sniffer;
    sniffer.see(77, stream.substr(cut));
    CHECK(sniffer.messages == Texts{request("b"), reply("c", "x")});
  }
}

TEST_CASE("stream framer: the rest of a body without a line end hides no message that starts a segment") {
  Sniffer sniffer;
  sniffer.see(1, "a body that began before us, no line end:");
  sniffer.see(42, request("a"));
  CHECK(sniffer.messages == Texts{request("a")});
  CHECK(sniffer.count(StreamEvent::skippedOctets) == 41);
}

TEST_CASE("stream framer: a Content-Length that is too short costs the rest of the body and no message") {
  Line line;
  line.send("BYE sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nv=0\r\no=- 1 1\r\n" + request("next"));
  CHECK(line.messages == Texts{"BYE sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nv=", request("next")});
  CHECK(line.count(StreamEvent::skippedOctets) == 12);
}

TEST_CASE("stream framer: a message without a length has what came with it, up to the next start line") {
  const std::string head = "BYE sip:a SIP/2.0\r\nCall-ID: a\r\n\r\n";
  const struct {
    const char* what;
    std::string with;
    Texts expected;
  } cases[] = {
      {"nothing", "", {head}},
      {"a body", "v=0\r\ns=-\r\n", {head + "v=0\r\ns=-\r\n"}},
      {"a body whose last line has not ended", "v=0\r\nm=audio", {head + "v=0\r\nm=audio"}},
      {"a keep-alive", "\r\n\r\n", {head}},
      {"a message", request("b"), {head, request("b")}},
      {"a body and a message", "v=0\r\n" + request("b"), {head + "v=0\r\n", request("b")}},
      {"a keep-alive and a message", "\r\n\r\n" + request("b"), {head, request("b")}},
      {"ten of its kind", head + head + head, {head, head, head, head}},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    Line line;
    line.send(head + one.with);
    CHECK(line.messages == one.expected);
  }
}

TEST_CASE("stream framer: behind a message without a length, the next one may be cut anywhere") {
  const std::string head = "BYE sip:a SIP/2.0\r\nCall-ID: a\r\n\r\n";
  const std::string next = reply("b", "body");
  for (size_t cut = 0; cut <= next.size(); cut++) {
    Line line;
    line.send(head + next.substr(0, cut));
    line.send(next.substr(cut));
    CHECK(line.messages == Texts{head, next});
    CHECK(line.count(StreamEvent::withoutLength) == 1);
  }
}

TEST_CASE("stream framer: lengths that cannot be are no lengths") {
  for (const char* length : {"", "-1", "abc", "1 2", "0x10", "12a", "1048577", "4294967296",
                             "18446744073709551617", "99999999999999999999999999999999"}) {
    CAPTURE(length);
    const std::string liar = "BYE sip:a SIP/2.0\r\nContent-Length: " + std::string(length) + "\r\n\r\n";
    Line line;
    line.send(liar + "body\r\n" + request("next"));
    CHECK(line.messages == Texts{liar + "body\r\n", request("next")});
    CHECK(line.count(StreamEvent::withoutLength) == 1);
  }
}

TEST_CASE(
    "stream framer: a message that is too long is handed on as far as it goes, and the next one is whole") {
  const std::string large = request("large", std::string(100'000, 'x'));
  for (const size_t size : {100u, 1460u, 65535u, 200'000u}) {
    CAPTURE(size);
    Line line;
    const std::string stream = large + request("next");
    for (size_t at = 0; at < stream.size(); at += size) line.send(stream.substr(at, size));
    CHECK(line.messages == Texts{large.substr(0, 65535), request("next")});
    CHECK(line.count(StreamEvent::cut) == 1);
    CHECK(line.count(StreamEvent::skippedOctets) == 0);
  }
}

TEST_CASE("stream framer: headers that are too long are handed on as far as they go") {
  std::string large = "OPTIONS sip:a SIP/2.0\r\n";
  while (large.size() <= 66'000) large += "X-Filler: 0123456789012345678901234567890123456789\r\n";
  for (const size_t size : {1460u, 65535u, 200'000u}) {
    CAPTURE(size);
    Line line;
    const std::string stream = large + "Content-Length: 0\r\n\r\n" + request("next");
    for (size_t at = 0; at < stream.size(); at += size) line.send(stream.substr(at, size));
    CHECK(line.messages == Texts{large.substr(0, 65535), request("next")});
    CHECK(line.count(StreamEvent::cut) == 1);
  }
}

TEST_CASE("stream framer: the bound of a message, met exactly and missed by one") {
  StreamLimits limits;
  limits.messageBytes = request("a", "0123456789").size();
  for (const char* body : {"123456789", "0123456789", "x0123456789"}) {
    Line line(limits);
    line.send(request("a", body));
    CHECK(line.messages == Texts{request("a", body).substr(0, limits.messageBytes)});
    CHECK(line.count(StreamEvent::cut) == (request("a", body).size() > limits.messageBytes ? 1 : 0));
  }
}

TEST_CASE("stream framer: what is not SIP is held nowhere and soon not even looked at") {
  std::string tls = octets("\x17\x03\x03\x04\x00");
  while (tls.size() < 1029) tls += char(tls.size() * 131);
  const Texts others = {tls,
                        std::string(1000, '\0'),
                        std::string(1000, 'a'),
                        std::string(1000, '\n') + "x\n",
                        "250-mail.example.com greets you\r\n250 SIZE\r\n",
                        "\x81\x82\x83"};
  for (const std::string& other : others) {
    Line line;
    for (size_t sent = 0; sent < 100'000; sent += other.size()) line.send(other);
    CHECK(line.messages.empty());
    CHECK(line.streams.held() <= 2048);  // the allowance for a line that may still become a start line
  }
  Line line;
  for (size_t sent = 0; sent < 100'000; sent += tls.size()) line.send(tls);
  CHECK(line.count(StreamEvent::deaf) == 1);
  CHECK(line.streams.held() == 0);
}

TEST_CASE("stream framer: a line that never ends is held no longer than a start line can be") {
  Line line;
  line.send("INVITE sip:");
  for (int i = 0; i < 100; i++) {
    line.send(std::string(1000, 'a'));
    CHECK(line.streams.held() <= 40'000);
  }
  CHECK(line.streams.held() == 0);
  CHECK(line.count(StreamEvent::deaf) == 1);
}

TEST_CASE("stream framer: a deaf stream hears a message that starts a segment, and all that follow it") {
  Line line;
  for (int i = 0; i < 100; i++) line.send(std::string(999, '\x16') + "\n");
  REQUIRE(line.count(StreamEvent::deaf) == 1);
  line.send("x\r\n" + request("not at the start"));
  CHECK(line.messages.empty());
  line.send("\r\n\r\n" + request("a"));
  line.send("junk\r\n" + request("b"));
  CHECK(line.messages == Texts{request("a"), request("b")});
}

TEST_CASE("stream framer: almost start lines are none") {
  for (const char* text :
       {"INVITE sip:a@b HTTP/1.1\r\n\r\n", "SIP/2.0\r\n\r\n", "SIP/2.0 20 OK\r\n\r\n", "INVITE\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", " SIP/2.0 200 OK\r\n\r\n"}) {
    CAPTURE(text);
    Line line;
    line.send(std::string(text) + request("next"));
    CHECK(line.messages == Texts{request("next")});
    CHECK(line.count(StreamEvent::skippedOctets) > 0);
  }
}
