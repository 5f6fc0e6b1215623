// SIP over WebSocket (RFC 7118): handshakes, every shape of frame, and what is no frame.
#include "segments.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

const std::string kAsk =
    "GET /ws HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"
    "Sec-WebSocket-Protocol: sip\r\n\r\n";
const std::string kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nupgrade : websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n";

const std::string kLong = request("long", std::string(300, 'x'));
const std::string kLongest = request("longest", std::string(64'000, 'y'));

// Frames of one direction, and the messages in them.
const std::string kFrames =
    textFrame(request("text")) + frame(kFinal | kPingFrame, "ping") +
    frame(kFinal | kBinaryFrame, reply("octets")) + textFrame("\r\n\r\n") + textFrame("\r\n") +
    frame(kTextFrame, kLong.substr(0, 10)) + frame(kFinal | kPingFrame, "in between") +
    frame(kContinuationFrame, kLong.substr(10, 1)) + frame(kContinuationFrame, "") +
    frame(kFinal | kPongFrame, "") + frame(kFinal | kContinuationFrame, kLong.substr(11)) +
    frame(kFinal | kTextFrame, reply("sixteen"), true, 16) +
    frame(kFinal | kTextFrame, reply("sixty-four"), true, 64) + textFrame(reply("open"), false) +
    textFrame(reply("key at another place"), true) + textFrame("") + frame(kFinal | kCloseFrame, "\x03\xe8");
const Texts kInFrames = {request("text"),
                         reply("octets"),
                         kLong,
                         reply("sixteen"),
                         reply("sixty-four"),
                         reply("open"),
                         reply("key at another place")};

}  // namespace

TEST_CASE("stream websocket: the client's direction and the server's, after their heads") {
  Sniffer sniffer;
  sniffer.see(1, kAsk);
  sniffer.seeReply(1, kAnswer);
  sniffer.see(uint32_t(1 + kAsk.size()), textFrame(request("a")));
  sniffer.seeReply(uint32_t(1 + kAnswer.size()), textFrame(reply("a"), false));
  CHECK(sniffer.messages == Texts{request("a"), reply("a")});
  CHECK(sniffer.webSocketMessages == 2);
}

TEST_CASE("stream websocket: all kinds of frames in segments of every size") {
  const std::string stream = kAsk + kFrames;
  for (size_t size = 1; size <= stream.size(); size++) {
    Line line;
    for (size_t at = 0; at < stream.size(); at += size) line.send(stream.substr(at, size));
    CHECK(line.messages == kInFrames);
    CHECK(line.webSocketMessages == kInFrames.size());
    CHECK(line.count(StreamEvent::webSocketMalformed) == 0);
    line.finish();
    CHECK(line.count(StreamEvent::incomplete) == 0);
  }
}

TEST_CASE("stream websocket: a connection without its handshake is known by a frame that starts a message") {
  for (const bool masked : {true, false}) {
    for (const std::string& first : {request("short"), kLong, kLongest}) {
      Sniffer sniffer;
      const std::string stream = textFrame(first, masked) + textFrame(reply("b"), masked);
      for (size_t at = 0; at < stream.size(); at += 1460)
        sniffer.see(uint32_t(7 + at), stream.substr(at, 1460));
      CHECK(sniffer.messages == Texts{first, reply("b")});
      CHECK(sniffer.webSocketMessages == 2);
    }
  }
}

TEST_CASE("stream websocket: a frame of other octets does not make a WebSocket of a stream") {
  Sniffer sniffer;
  sniffer.see(1, textFrame("{\"json\": \"rpc, and long enough\"}\n", false));
  sniffer.see(100, "\r\n" + request("a"));
  CHECK(sniffer.webSocketMessages == 0);
}

TEST_CASE("stream websocket: messages of another protocol are counted") {
  Line line;
  line.send(kAsk + textFrame("{}") + textFrame(request("a")));
  CHECK(line.messages == Texts{request("a")});
  CHECK(line.count(StreamEvent::webSocketNotSip) == 1);
}

TEST_CASE("stream websocket: compressed messages are counted, one each, and the others are read (RFC 7692)") {
  Line line;
  line.send(kAsk + frame(0xc1, "deflated") + frame(0x41, "def") +
            frame(kFinal | kContinuationFrame, "lated") + textFrame(request("a")));
  CHECK(line.messages == Texts{request("a")});
  CHECK(line.count(StreamEvent::webSocketCompressed) == 2);
}

TEST_CASE("stream websocket: what is no frame ends the WebSocket, and counts the message that it broke") {
  const struct {
    const char* what;
    std::string octets;
    uint64_t incomplete;
  } cases[] = {
      {"a reserved bit", frame(0xa1, "x"), 0},
      {"a reserved opcode", frame(0x83, "x"), 0},
      {"a reserved control opcode", frame(0x8b, "x"), 0},
      {"a continuation of nothing", frame(0x80, "x"), 0},
      {"text within a fragmented message", frame(0x01, "x") + frame(0x81, "y"), 1},
      {"a compressed continuation", frame(0x01, "x") + frame(0xc0, "y"), 1},
      {"a control frame in fragments", frame(0x09, "x"), 0},
      {"a compressed control frame", frame(0xc9, "x"), 0},
      {"a control frame that is too long", frame(0x89, std::string(126, 'x')), 0},
      {"a frame that is too long", octets("\x81\x7f\0\0\0\0\0\x10\0\x01"), 0},
      {"a frame of 2^64 - 1 octets", octets("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), 0},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    Line line;
    line.send(kAsk + textFrame(request("a")));
    line.send(one.octets);
    line.send(textFrame(request("b")));
    CHECK(line.messages == Texts{request("a"), request("b")});
    CHECK(line.count(StreamEvent::webSocketMalformed) == 1);
    CHECK(line.count(StreamEvent::incomplete) == one.incomplete);
  }
}

TEST_CASE("stream websocket: a refused handshake may be tried again on the same connection") {
  Line line;
  line.send(kAsk);
  line.send(kAsk + textFrame(request("a")));
  CHECK(line.messages == Texts{request("a")});
}

TEST_CASE("stream websocket: heads that change nothing") {
  for (const std::string head :
       {"GET / HTTP/1.1\r\nHost: upgrade\r\n\r\n", "GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0\r\n\r\n",
        "HTTP/1.1 101 x\r\nNot-Upgrade: websocket\r\n\r\n"}) {
    CAPTURE(head);
    Line line;
    line.send(head + request("sip"));
    CHECK(line.messages == Texts{request("sip")});
    CHECK(line.count(StreamEvent::skippedOctets) == head.size());
  }
}

TEST_CASE("stream websocket: a head that never ends is given up") {
  Line line;
  line.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 100; i++) line.send("Cookie: " + std::string(992, 'x'));
  CHECK(line.streams.held() == 0);
  line.send("\r\n\r\n");
  line.send(request("a"));
  CHECK(line.messages == Texts{request("a")});
}

TEST_CASE("stream websocket: a message that is too long is handed on as far as it goes") {
  StreamLimits limits;
  limits.messageBytes = 200;
  Line line(limits);
  const std::string large = request("large", std::string(1000, 'x'));
  line.send(kAsk + frame(kTextFrame, large.substr(0, 150)) +
            frame(kContinuationFrame, large.substr(150, 100)) +
            frame(kFinal | kContinuationFrame, large.substr(250)) + textFrame(reply("next")));
  CHECK(line.messages == Texts{large.substr(0, 200), reply("next")});
  CHECK(line.count(StreamEvent::cut) == 1);
}

TEST_CASE("stream websocket: a loss within a payload costs that message only") {
  const std::string first = textFrame(request("lost", std::string(500, 'x')));
  for (const bool control : {false, true}) {
    Line line;
    line.send(kAsk);
    line.send((control ? frame(kFinal | kPingFrame, "0123456789") : first).substr(0, 12));
    const uint32_t left = uint32_t((control ? frame(kFinal | kPingFrame, "0123456789") : first).size() - 12);
    line.see(line.next, "", kTcpAck, left);  // captured without these octets
    line.next += left;
    line.send(textFrame(request("a")));
    CHECK(line.messages == Texts{request("a")});
    CHECK(line.count(StreamEvent::incomplete) == (control ? 0 : 1));
    CHECK(line.count(StreamEvent::webSocketMalformed) == 0);
  }
}

TEST_CASE("stream websocket: after a loss across frames it goes on with a message that starts a segment") {
  Line line;
  const std::string first = textFrame(request("lost"));
  line.send(kAsk + first.substr(0, 12));
  line.see(line.next, "", kTcpAck, 5000);
  line.next += 5000;
  line.send("the rest of something");
  line.send(textFrame(request("a")));
  CHECK(line.messages == Texts{request("a")});
  CHECK(line.count(StreamEvent::incomplete) == 1);
}
