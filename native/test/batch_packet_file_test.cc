// One packet of a file: which frame it is, what is a HEP packet, and why there is none.
#include "batch/packet_file.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frames.h"
#include "sip_messages.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr Order kLittle{false};

std::string capture(const std::vector<std::string>& frames) {
  std::string file = kLittle.u32(0xa1b2c3d4) + kLittle.u16(2) + kLittle.u16(4) + kLittle.u32(0) +
                     kLittle.u32(0) + kLittle.u32(65535) + kLittle.u32(1);
  uint32_t seconds = 1'600'000'000;
  for (const std::string& frame : frames) {
    file += kLittle.u32(seconds++) + kLittle.u32(0) + kLittle.u32(frame.size()) + kLittle.u32(frame.size()) +
            frame;
  }
  return file;
}

// 10.0.0.3:5060 -> 10.0.0.4:5080
std::string hep3(const std::string& payload) {
  const auto chunk = [](uint16_t type, const std::string& body) {
    return u16(0) + u16(type) + u16(6 + body.size()) + body;
  };
  const std::string chunks = chunk(1, "\x02") + chunk(2, "\x11") + chunk(3, octets("\x0a\x00\x00\x03")) +
                             chunk(4, octets("\x0a\x00\x00\x04")) + chunk(7, u16(5060)) +
                             chunk(8, u16(5080)) + chunk(11, "\x01") + chunk(15, payload);
  return "HEP3" + u16(6 + chunks.size()) + chunks;
}

struct Taken {
  std::shared_ptr<SlabPool> pool = SlabPool::create(kSmallestSlab, 1);
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>([] {});
  Intake intake{7, pool, outbox, {100, 0}};
  PacketReading reading;
  std::vector<Record> records;
  std::vector<std::string> payloads;

  explicit Taken(const std::string& octets, const WantedPacket& wanted = {}) {
    Fd file(::memfd_create("packet", MFD_CLOEXEC));
    REQUIRE(::write(file.get(), octets.data(), octets.size()) == ssize_t(octets.size()));
    REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
    PcapReader reader(std::move(file));
    reading = readPacket(reader, intake, wanted);
    Intake::Session(intake).flush(true);
    for (const SlabHandle handle : outbox->takeAll()) {
      const auto slab = SlabPool::read(handle);
      for (uint32_t row = 0; row < slab->rows(); row++) {
        const Record& record = slab->record(row);
        records.push_back(record);
        payloads.emplace_back(slab->bytes(record.payload.offset, record.payload.length).text());
      }
    }
  }
  std::string reason() const { return reading.reason; }
};

const std::string kArp = ethernet(std::string(28, '\0'), 0x0806);
const std::string kSipFrame = ethernet(ipv4(udp(kInvite)));

}  // namespace

TEST_CASE("the first frame that carries a message, and no frame behind it") {
  const Taken taken(capture({kArp, ethernet(ipv4(udp("no SIP"))), kSipFrame, ethernet(ipv4(udp(kRinging)))}));
  CHECK(taken.reading.kind == PacketFileKind::capture);
  CHECK(taken.reading.frame == 3);
  CHECK(taken.reason() == "");
  REQUIRE(taken.payloads == std::vector{kInvite});
  CHECK(taken.records[0].hepVersion == 0);
  CHECK(taken.records[0].arrivalUs == 1'600'000'002'000'000);
  CHECK(taken.reading.receiver.octets[3] == 2);
  CHECK(taken.reading.receiverPort == 5080);
}

TEST_CASE("a frame by its number, whatever the others carry") {
  const Taken taken(capture({kSipFrame, kSipFrame, ethernet(ipv4(udp(kRinging))), kSipFrame}), {.frame = 3});
  CHECK(taken.reading.frame == 3);
  CHECK(taken.payloads == std::vector{kRinging});
}

TEST_CASE("a frame without a message says why by the name of its count") {
  const std::string fragment = ethernet(ipv4Part(udp(kInvite), 0, 400));
  const std::string file = capture({kArp, ethernet(ipv4(udp("no SIP"))), fragment, ethernet(ipv4(udp(""))),
                                    ethernet(ipv4(tcp(kInvite.substr(0, 100)), 6)), kSipFrame.substr(0, 10),
                                    ethernet(ipv4(udp("HEP3garbage")))});
  const char* reasons[] = {"not_ip",       "not_sip",        "fragment_held", "no_payload",
                           "segment_held", "link_truncated", "hep/bad_length"};
  for (uint64_t frame = 1; frame <= std::size(reasons); frame++) {
    const Taken taken(file, {.frame = frame});
    CHECK(taken.reason() == reasons[frame - 1]);
    CHECK(taken.payloads.empty());
  }
  const Taken behind(file, {.frame = 8});
  CHECK(behind.reason() == "no_such_frame");
  CHECK(behind.reading.frame == 7);
  const Taken none(file);
  CHECK(none.reason() == "no_message");
  CHECK(none.reading.frames.held == 2);
  CHECK(none.reading.frames.refused[size_t(Refusal::notIp)] == 1);
  const Taken filtered(capture({kSipFrame}), {.frame = 1, .ports = {7000, 7001}});
  CHECK(filtered.reason() == "port");
}

TEST_CASE(
    "the last part of a message stands for the whole, by its number and as the first that carries one") {
  const std::string datagram = udp(kInvite);
  const std::string file = capture({ethernet(ipv4Part(datagram, 0, 400)), kArp,
                                    ethernet(ipv4Part(datagram, 400, datagram.size() - 400)),
                                    ethernet(ipv4(tcp(kRinging.substr(0, 100), 1000), 6)),
                                    ethernet(ipv4(tcp(kRinging.substr(100), 1100), 6))});
  CHECK(Taken(file).payloads == std::vector{kInvite});
  CHECK(Taken(file, {.frame = 3}).payloads == std::vector{kInvite});
  CHECK(Taken(file, {.frame = 5}).payloads == std::vector{kRinging});
  CHECK(Taken(file, {.frame = 4}).reason() == "segment_held");
}

TEST_CASE("a segment that came twice is looked at alone") {
  const std::string segment = ethernet(ipv4(tcp(kInvite), 6));
  CHECK(Taken(capture({segment, segment}), {.frame = 2}).payloads == std::vector{kInvite});
}

TEST_CASE("a datagram that carries HEP is a packet of its sender, in a tunnel too") {
  const std::string hep = hep3(kInvite);
  for (const std::string& frame :
       {ethernet(ipv4(udp(hep))), ethernet(ipv4(vxlan(7, ethernet(ipv4(udp(hep))))))}) {
    const Taken taken(capture({frame}));
    REQUIRE(taken.payloads == std::vector{kInvite});
    CHECK(taken.records[0].hepVersion == 3);
    CHECK(taken.records[0].sender[3] == 1);
    CHECK(taken.records[0].senderPort == 5060);
    CHECK(taken.reading.receiverPort == 5080);
  }
}

TEST_CASE("a file with the octets of one packet is that packet") {
  const Taken hep(hep3(kInvite));
  CHECK(hep.reading.kind == PacketFileKind::hep);
  REQUIRE(hep.payloads == std::vector{kInvite});
  CHECK(hep.records[0].hepVersion == 3);
  CHECK(hep.records[0].senderFamily == 0);
  const Taken sip(kRinging);
  CHECK(sip.reading.kind == PacketFileKind::sip);
  REQUIRE(sip.payloads == std::vector{kRinging});
  CHECK(sip.records[0].hepVersion == 0);
  CHECK(sip.records[0].status == 180);
  CHECK(sip.records[0].sourceFamily == 0);
}

TEST_CASE("a file that is nothing of these says so") {
  for (const std::string& octets : {std::string(), std::string("#!/bin/sh\n"), std::string("HEP")}) {
    const Taken taken(octets);
    CHECK(taken.reading.kind == PacketFileKind::other);
    CHECK(taken.reason() == "not_sip_or_hep");
  }
  CHECK(Taken(hep3(kInvite).substr(0, 50)).reason() == "hep/bad_length");
  CHECK(Taken(kInvite + std::string(70'000, 'x')).reason() == "too_long");
}

TEST_CASE("a capture that is cut short tells so") {
  const std::string file = capture({kArp, kSipFrame});
  const Taken taken(file.substr(0, file.size() - 1));
  CHECK(taken.reading.kind == PacketFileKind::capture);
  CHECK(taken.reading.state == ReadState::truncated);
  CHECK(taken.reading.frame == 1);
  CHECK(taken.reason() == "no_message");
}
