// The framer gives the same packets however the stream was cut, and stops exactly where it must.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "guarded.h"
#include "hep/stream.h"
#include "hep_packets.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

using Packets = std::vector<std::string>;

// One connection: a framer and what came out of it.
struct Connection {
  StreamFramer framer;
  Packets packets;
  size_t room = SIZE_MAX;  // packets that the sink still takes

  size_t feed(const std::string& arrived) {
    return framer.feed(guarded(arrived).bytes(), [this](Bytes packet) {
      if (room == 0) return false;
      room--;
      packets.emplace_back(packet.text());
      return true;
    });
  }
};

const Packets kThree = {kV3, "EEP3" + kV3Ipv6.substr(4), hep3("")};

std::string joined(const Packets& packets) {
  std::string stream;
  for (const std::string& packet : packets) stream += packet;
  return stream;
}

}  // namespace

TEST_CASE("hep stream: many packets in a segment, handed out where they lie") {
  const std::string stream = joined(kThree);
  const GuardedBytes arrived = guarded(stream);
  StreamFramer framer;
  size_t at = 0;
  const size_t used = framer.feed(arrived.bytes(), [&](Bytes packet) {
    CHECK(packet.data == arrived.bytes().data + at);
    at += packet.size;
    return true;
  });
  CHECK(used == stream.size());
  CHECK(at == stream.size());
  CHECK(framer.pending() == 0);
}

TEST_CASE("hep stream: cut at every octet") {
  const std::string stream = joined(kThree);
  for (size_t cut = 0; cut <= stream.size(); cut++) {
    Connection connection;
    CHECK(connection.feed(stream.substr(0, cut)) == cut);
    CHECK(connection.feed(stream.substr(cut)) == stream.size() - cut);
    CHECK(connection.packets == kThree);
    CHECK(connection.framer.pending() == 0);
    CHECK(connection.framer.fault() == HepFault::none);
  }
}

TEST_CASE("hep stream: octet by octet") {
  Connection connection;
  for (char octet : joined(kThree)) CHECK(connection.feed(std::string(1, octet)) == 1);
  CHECK(connection.packets == kThree);
}

TEST_CASE("hep stream: pending tells what an end of the stream would lose") {
  Connection connection;
  connection.feed(kV3 + kV3.substr(0, 3));
  CHECK(connection.framer.pending() == 3);
  connection.feed(kV3.substr(3, 40));
  CHECK(connection.framer.pending() == 43);
  connection.feed(kV3.substr(43));
  CHECK(connection.framer.pending() == 0);
  CHECK(connection.packets == Packets{kV3, kV3});
}

TEST_CASE("hep stream: an empty read changes nothing") {
  Connection connection;
  CHECK(connection.feed("") == 0);
  connection.feed(kV3.substr(0, 10));
  CHECK(connection.feed("") == 0);
  CHECK(connection.framer.pending() == 10);
}

TEST_CASE("hep stream: the largest packet, in pieces") {
  const std::string largest = hep3(chunk(15, std::string(65535 - 12, 'x')));
  REQUIRE(largest.size() == 65535);
  Connection connection;
  for (size_t at = 0; at < largest.size(); at += 1460) connection.feed(largest.substr(at, 1460));
  connection.feed(kV3);
  CHECK(connection.packets == Packets{largest, kV3});
}

TEST_CASE("hep stream: bad magic is seen at the first wrong octet, after any cut") {
  const std::string wrong[] = {
      "I", "HX", "EX", "HEX", "HEP4", "EEPX", "HEEP", "EEP2..", "INVITE sip:a@b SIP/2.0\r\n"};
  for (const std::string& start : wrong) {
    for (size_t cut = 0; cut < start.size(); cut++) {
      Connection connection;
      connection.feed(kV3);
      connection.feed(start.substr(0, cut));
      connection.feed(start.substr(cut));
      CHECK(connection.framer.fault() == HepFault::badMagic);
      CHECK(connection.packets == Packets{kV3});
    }
  }
}

TEST_CASE("hep stream: a total under six is an error, not an endless packet") {
  for (unsigned total = 0; total < 6; total++) {
    const std::string bad = "HEP3" + u16(total);
    for (size_t cut = 0; cut <= bad.size(); cut++) {
      Connection connection;
      connection.feed(bad.substr(0, cut));
      connection.feed(bad.substr(cut) + kV3);
      CHECK(connection.framer.fault() == HepFault::badLength);
      CHECK(connection.packets.empty());
    }
  }
}

TEST_CASE("hep stream: packets before the fault are delivered, and the count stops at the fault") {
  Connection connection;
  CHECK(connection.feed(kV3 + hep3("") + "junk" + kV3) == kV3.size() + 6);
  CHECK(connection.packets == Packets{kV3, hep3("")});
  CHECK(connection.framer.fault() == HepFault::badMagic);
  CHECK(connection.framer.pending() == 0);
}

TEST_CASE("hep stream: after a fault nothing is framed any more") {
  Connection connection;
  connection.feed("HEP3" + u16(0));
  CHECK(connection.feed(kV3) == 0);
  CHECK(connection.packets.empty());
  CHECK(connection.framer.fault() == HepFault::badLength);
}

TEST_CASE("hep stream: a refused packet that lay whole in the segment is offered again") {
  Connection connection;
  connection.room = 1;
  const std::string stream = joined(kThree);
  const size_t used = connection.feed(stream);
  CHECK(used == kThree[0].size());
  CHECK(connection.framer.fault() == HepFault::none);
  CHECK(connection.feed(stream.substr(used)) == 0);
  connection.room = SIZE_MAX;
  CHECK(connection.feed(stream.substr(used)) == stream.size() - used);
  CHECK(connection.packets == kThree);
}

TEST_CASE("hep stream: a refused packet that began in the tail is offered again, whole") {
  for (size_t cut = 1; cut < kV3.size(); cut++) {
    Connection connection;
    connection.feed(kV3.substr(0, cut));
    connection.room = 0;
    const std::string rest = kV3.substr(cut) + hep3("");
    CHECK(connection.feed(rest) == 0);
    CHECK(connection.feed(rest) == 0);
    CHECK(connection.framer.pending() == cut);
    connection.room = 1;
    const size_t used = connection.feed(rest);
    CHECK(used == kV3.size() - cut);
    connection.room = 1;
    CHECK(connection.feed(rest.substr(used)) == 6);
    CHECK(connection.packets == Packets{kV3, hep3("")});
  }
}

TEST_CASE(
    "hep stream: a sink that refuses every second offer loses and doubles nothing, for all segment sizes") {
  const std::string stream = joined({kV3, hep3(""), kV3Ipv6, hep3(chunk(15, "x")), kV3});
  for (size_t segment = 1; segment <= stream.size(); segment++) {
    StreamFramer framer;
    Packets packets;
    bool take = false;
    const auto sink = [&](Bytes packet) {
      take = !take;
      if (!take) packets.emplace_back(packet.text());
      return !take;
    };
    size_t offers = 0;
    for (size_t at = 0; at < stream.size();) {
      REQUIRE(++offers < 2 * stream.size());
      const size_t used = framer.feed(Bytes(std::string_view(stream).substr(at, segment)), sink);
      at += used;
    }
    CHECK(packets == Packets{kV3, hep3(""), kV3Ipv6, hep3(chunk(15, "x")), kV3});
    CHECK(framer.pending() == 0);
  }
}

TEST_CASE("hep stream: the retry may bring more octets than the refused read had") {
  Connection connection;
  connection.feed(kV3.substr(0, 20));
  connection.room = 0;
  CHECK(connection.feed(kV3.substr(20)) == 0);
  connection.room = SIZE_MAX;
  CHECK(connection.feed(kV3.substr(20) + kV3) == 2 * kV3.size() - 20);
  CHECK(connection.packets == Packets{kV3, kV3});
}
