// Capture files of every kind and byte order, cut and damaged everywhere.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "capture/pcap_reader.h"
#include "frames.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

struct Read {
  std::vector<std::string> frames;
  std::vector<int64_t> timesNs;
  std::vector<uint32_t> linkTypes;
  std::vector<uint32_t> lengths;
  ReadState state;
};

Read readAll(PcapReader reader) {
  Read read;
  Frame frame;
  while ((read.state = reader.next(frame)) == ReadState::frame) {
    read.frames.emplace_back(frame.octets.text());
    read.timesNs.push_back(frame.timeNs);
    read.linkTypes.push_back(frame.linkType);
    read.lengths.push_back(frame.originalLength);
  }
  CHECK(reader.next(frame) == read.state);
  return read;
}

// A file without a name that holds these octets.
Fd fileOf(const std::string& octets) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  REQUIRE(std::fwrite(octets.data(), 1, octets.size(), file) == octets.size());
  std::rewind(file);
  Fd fd(::dup(fileno(file)));
  std::fclose(file);
  return fd;
}
Read readOctets(const std::string& octets) { return readAll(PcapReader(fileOf(octets))); }

constexpr uint32_t kMicro = 0xa1b2c3d4, kNano = 0xa1b23c4d, kLong = 0xa1b2cd34;
constexpr int64_t kTimeNs = 1'700'000'000'000'000'000;

std::string classicHeader(Order order, uint32_t magic, uint32_t linkType = 1) {
  return order.u32(magic) + order.u16(2) + order.u16(4) + order.u32(0) + order.u32(0) + order.u32(65535) +
         order.u32(linkType);
}
std::string record(Order order, const std::string& octets, uint32_t fraction, const std::string& more = "") {
  return order.u32(1'700'000'000) + order.u32(fraction) + order.u32(octets.size()) + order.u32(1500) + more +
         octets;
}

std::string block(Order order, uint32_t type, std::string body) {
  body.resize((body.size() + 3) / 4 * 4);
  const std::string total = order.u32(12 + body.size());
  return order.u32(type) + total + body + total;
}
std::string section(Order order) {
  return block(order, 0x0a0d0d0a,
               order.u32(0x1a2b3c4d) + order.u16(1) + order.u16(0) + std::string(8, '\xff'));
}
std::string interface(Order order, uint16_t linkType, const std::string& options = "",
                      uint32_t snapLength = 0) {
  return block(order, 1, order.u16(linkType) + order.u16(0) + order.u32(snapLength) + options);
}
std::string option(Order order, uint16_t code, const std::string& value) {
  std::string padded = value;
  padded.resize((value.size() + 3) / 4 * 4);
  return order.u16(code) + order.u16(value.size()) + padded;
}
std::string packet(Order order, uint32_t interface, uint64_t ticks, const std::string& octets) {
  return block(order, 6,
               order.u32(interface) + order.u32(ticks >> 32) + order.u32(uint32_t(ticks)) +
                   order.u32(octets.size()) + order.u32(1500) + octets);
}

const std::vector<std::string> kTwoFrames = {"first frame", "second"};

}  // namespace

TEST_CASE("pcap: every magic in either byte order") {
  for (const bool big : {false, true}) {
    const Order order{big};
    for (const uint32_t magic : {kMicro, kNano, kLong}) {
      CAPTURE(big);
      CAPTURE(magic);
      const std::string more = magic == kLong ? std::string(8, 'x') : "";
      const Read read =
          readOctets(classicHeader(order, magic, 113) + record(order, "first frame", 123, more) +
                     record(order, "second", 999'999, more));
      CHECK(read.state == ReadState::end);
      CHECK(read.frames == kTwoFrames);
      const int64_t unit = magic == kNano ? 1 : 1000;
      CHECK(read.timesNs == std::vector<int64_t>{kTimeNs + 123 * unit, kTimeNs + 999'999 * unit});
      CHECK(read.linkTypes == std::vector<uint32_t>{113, 113});
      CHECK(read.lengths == std::vector<uint32_t>{1500, 1500});
    }
  }
}

TEST_CASE("pcap: the bits about the frame check sequence are not the link type") {
  const Order order{false};
  CHECK(readOctets(classicHeader(order, kMicro, 0x44000001) + record(order, "x", 0)).linkTypes.front() == 1);
}

TEST_CASE("pcap: cut anywhere, the frames before are good and the cut is told") {
  const Order order{true};
  const std::string head = classicHeader(order, kMicro);
  const std::string one = head + record(order, "first frame", 0);
  const std::string two = one + record(order, "second", 0);
  for (size_t size = 4; size < two.size(); size++) {
    CAPTURE(size);
    const Read read = readOctets(two.substr(0, size));
    const bool whole = size == head.size() || size == one.size();
    CHECK(read.state == (whole ? ReadState::end : ReadState::truncated));
    CHECK(read.frames.size() == (size >= one.size() ? 1 : 0));
  }
}

TEST_CASE("pcap: what is no capture file is told, an empty one too") {
  for (const std::string& octets : {std::string(), std::string("HEP"), std::string("#!/bin/sh\nexit 0\n"),
                                    std::string(100, '\0'), std::string("\x1f\x8b\x08\x00gzip", 8)}) {
    CHECK(readOctets(octets).state == ReadState::notCapture);
  }
  std::string otherVersion = classicHeader({false}, kMicro);
  otherVersion[4] = 3;
  CHECK(readOctets(otherVersion).state == ReadState::notCapture);
}

TEST_CASE("pcap: a length that cannot be ends the file") {
  const Order order{false};
  for (const uint32_t length : {0xffffffffu, 0x7fffffffu, uint32_t(kLargestRecord) + 1}) {
    const std::string hostile = order.u32(0) + order.u32(0) + order.u32(length) + order.u32(length) + "xyz";
    CHECK(readOctets(classicHeader(order, kMicro) + hostile).state == ReadState::damaged);
  }
  const std::string large = order.u32(0) + order.u32(0) + order.u32(kLargestRecord) + order.u32(0) + "xyz";
  CHECK(readOctets(classicHeader(order, kMicro) + large).state == ReadState::truncated);
}

TEST_CASE("file window: octets that are asked for and do not come allocate nothing") {
  FileWindow window(fileOf("xyz"));
  CHECK_FALSE(window.hold(size_t(1) << 46));
  CHECK(window.held().text() == "xyz");
  CHECK_FALSE(window.skip(uint64_t(1) << 46));
}

TEST_CASE("pcap: frames larger than one read, and many of them") {
  const Order order{false};
  std::string file = classicHeader(order, kMicro);
  std::vector<std::string> frames;
  for (size_t size : {3'000'000, 1, 0, 1'048'576, 70'000})
    frames.emplace_back(size, char('a' + frames.size()));
  for (int i = 0; i < 5000; i++) frames.emplace_back(600, char(i));
  for (const std::string& frame : frames) file += record(order, frame, 0);
  const Read read = readOctets(file);
  CHECK(read.state == ReadState::end);
  CHECK(read.frames == frames);
}

TEST_CASE("pcapng: either byte order, and several sections with their own") {
  std::string both;
  for (const bool big : {false, true}) {
    const Order order{big};
    const std::string part = section(order) + interface(order, 1) +
                             packet(order, 0, 1'700'000'000'000'123, "first frame") +
                             packet(order, 0, 5, "second");
    const Read read = readOctets(part);
    CHECK(read.state == ReadState::end);
    CHECK(read.frames == kTwoFrames);
    CHECK(read.timesNs == std::vector<int64_t>{kTimeNs + 123'000, 5000});
    CHECK(read.lengths == std::vector<uint32_t>{1500, 1500});
    both += part;
  }
  CHECK(readOctets(both).frames.size() == 4);
}

TEST_CASE("pcapng: every interface has its link type and its clock") {
  const Order order{true};
  const std::string file =
      section(order) + interface(order, 1, option(order, 9, "\x09")) +
      interface(order, 113, option(order, 2, "eth1") + option(order, 9, "\x83") + octets("\0\0\0\0")) +
      interface(order, 101,
                option(order, 14, order.number(1'000'000'000, 8)) + option(order, 9, octets("\0"))) +
      interface(order, 276, octets("\0\0\0\0") + option(order, 9, "\x09")) +
      packet(order, 0, kTimeNs + 7, "ns") + packet(order, 1, 12, "eighths of a second") +
      packet(order, 2, 700'000'000, "seconds and an offset") +
      packet(order, 3, 9, "no options behind the end");
  const Read read = readOctets(file);
  CHECK(read.state == ReadState::end);
  CHECK(read.linkTypes == std::vector<uint32_t>{1, 113, 101, 276});
  CHECK(read.timesNs == std::vector<int64_t>{kTimeNs + 7, 1'500'000'000, kTimeNs, 9000});
}

TEST_CASE("pcapng: a time that nanoseconds cannot count is none") {
  const Order order{true};
  const std::string file = section(order) + interface(order, 1, option(order, 9, octets("\0"))) +
                           packet(order, 0, UINT64_MAX, "late");
  CHECK(readOctets(file).timesNs == std::vector<int64_t>{0});
  for (const char* resolution : {"\x14", "\x7f", "\xc0", "\xff"}) {
    const std::string clock = option(order, 9, resolution);
    CHECK(readOctets(section(order) + interface(order, 1, clock)).state == ReadState::damaged);
  }
}

TEST_CASE("pcapng: simple packets obey the snap length; old packets and other blocks") {
  const Order order{false};
  const std::string old =
      block(order, 2,
            order.u16(0) + order.u16(9) + order.u32(0) + order.u32(5) + order.u32(3) + order.u32(3) + "old");
  const std::string file = section(order) + interface(order, 1, "", 4) + block(order, 4, "names") +
                           block(order, 3, order.u32(10) + "simp") + old +
                           block(order, 0x80000bad, std::string(2'000'000, 'x')) +
                           block(order, 3, order.u32(2) + "si");
  const Read read = readOctets(file);
  CHECK(read.state == ReadState::end);
  CHECK(read.frames == std::vector<std::string>{"simp", "old", "si"});
  CHECK(read.lengths == std::vector<uint32_t>{10, 3, 2});
  CHECK(read.timesNs == std::vector<int64_t>{0, 5000, 0});
}

TEST_CASE("pcapng: cut anywhere, the frames before are good and the cut is told") {
  const Order order{false};
  const std::string parts[] = {section(order), interface(order, 1), block(order, 5, "statistics"),
                               packet(order, 0, 5, "first frame"), packet(order, 0, 5, "second")};
  std::string file;
  std::vector<size_t> ends;
  for (const std::string& part : parts) ends.push_back((file += part).size());
  for (size_t size = 4; size <= file.size(); size++) {
    CAPTURE(size);
    const Read read = readOctets(file.substr(0, size));
    const bool whole = std::find(ends.begin(), ends.end(), size) != ends.end();
    CHECK(read.state == (whole ? ReadState::end : ReadState::truncated));
    CHECK(read.frames.size() == (size >= ends[4] ? 2 : size >= ends[3] ? 1 : 0));
  }
}

TEST_CASE("pcapng: blocks that cannot be") {
  const Order order{false};
  const std::string good = section(order) + interface(order, 1) + packet(order, 0, 5, "first frame");
  std::string otherEnd = packet(order, 0, 5, "second");
  otherEnd.back() = 1;
  const std::string tooManyCaptured =
      block(order, 6, order.u32(0) + order.u32(0) + order.u32(0) + order.u32(9) + order.u32(9) + "four");
  for (const std::string& bad :
       {order.u32(6) + order.u32(0) + order.u32(0), order.u32(6) + order.u32(8) + order.u32(8),
        order.u32(6) + order.u32(33) + std::string(40, '\0'),
        order.u32(6) + order.u32(0xfffffffc) + order.u32(0), otherEnd,
        packet(order, 1, 5, "no such interface"), tooManyCaptured, block(order, 6, "short"),
        block(order, 2, "short"), block(order, 3, ""), block(order, 3, order.u32(9) + "four"),
        block(order, 1, "tiny"), block(order, 0x0a0d0d0a, order.u32(0x12345678) + std::string(12, '\0'))}) {
    const Read read = readOctets(good + bad);
    CHECK(read.state == ReadState::damaged);
    CHECK(read.frames.size() == 1);
  }
  CHECK(readOctets(section(order) + block(order, 3, order.u32(2) + "no")).state == ReadState::damaged);
}

TEST_CASE("pcap: a pipe is read as its octets come, and ready() tells when that means to wait") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  Fd in(ends[0]), out(ends[1]);
  const Order order{false};
  PcapReader reader(std::move(in));
  Frame frame;
  CHECK_FALSE(reader.ready());
  const std::string second = record(order, "second", 0);
  const std::string start = classicHeader(order, kMicro) + record(order, "first frame", 0);
  REQUIRE(::write(out.get(), start.data(), start.size()) == ssize_t(start.size()));
  REQUIRE(reader.next(frame) == ReadState::frame);
  CHECK(frame.octets.text() == "first frame");
  CHECK_FALSE(reader.ready());
  std::thread writer([&] {
    for (const char& octet : second) {
      if (::write(out.get(), &octet, 1) != 1) std::abort();
    }
    out = Fd();
  });
  CHECK(reader.next(frame) == ReadState::frame);
  CHECK(frame.octets.text() == "second");
  CHECK(reader.next(frame) == ReadState::end);
  CHECK(reader.ready());
  writer.join();
}

TEST_CASE("pcap: a folder and a missing file are the world saying no") {
  CHECK_THROWS_AS(PcapReader::open("/nonexistent/file.pcap"), OsError);
  PcapReader folder = PcapReader::open("/");
  Frame frame;
  try {
    folder.next(frame);
    FAIL("a folder was read");
  } catch (const OsError& error) {
    CHECK(error.code == EISDIR);
    CHECK_FALSE(error.cure.empty());
  }
}
