// The kernel as the judge: it filters a pair of sockets with our programs, and the interpreter has to agree
// with what arrives, and with what can be attached at all.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "bpf/interpreter.h"
#include "bpf/port_filter.h"
#include "bpf/text.h"
#include "bpf_frames.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

class FilteredPair {
 public:
  FilteredPair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    sender_ = Fd(fds[0]);
    receiver_ = Fd(fds[1]);
  }

  bool attach(const Program& program) {
    std::vector<sock_filter> words;
    for (const auto& [code, jt, jf, k] : program) words.push_back({code, jt, jf, k});
    sock_fprog attached{uint16_t(words.size()), words.data()};
    return ::setsockopt(receiver_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) == 0;
  }

  // Octets that got through; at least one is sent, since nothing can be kept of nothing.
  size_t kept(const std::string& packet) {
    char buffer[4096];
    REQUIRE(::send(sender_.get(), packet.data(), packet.size(), 0) == ssize_t(packet.size()));
    const ssize_t received = ::recv(receiver_.get(), buffer, sizeof buffer, 0);
    if (received < 0) REQUIRE(errno == EAGAIN);
    return received < 0 ? 0 : size_t(received);
  }

 private:
  Fd sender_;
  Fd receiver_;
};

size_t expected(const Program& program, const std::string& packet) {
  const uint32_t verdict = run(program, Bytes(std::string_view(packet)), uint32_t(packet.size()));
  return std::min<size_t>(verdict, packet.size());
}

void compare(const Program& program, std::vector<std::string> packets) {
  FilteredPair pair;
  REQUIRE(pair.attach(program));
  for (const std::string& packet : packets) {
    if (!packet.empty()) CHECK(pair.kept(packet) == expected(program, packet));
  }
}

// Frames as they should be, and each spoiled some times.
template <typename Framing>
std::vector<std::string> framesAs(Framing framing) {
  Chance chance(7);
  std::vector<std::string> all;
  for (const Typed& frame : filterFrames()) {
    all.push_back(framing(frame));
    for (int i = 0; i < 8; i++) all.push_back(spoiled(framing(frame), chance));
  }
  return all;
}

// Short programs of all instructions, most of them good ones.
class Programs {
 public:
  Program next() {
    Program program;
    const uint32_t count = 1 + chance_.below(12);
    while (program.size() < count) add(program);
    if (chance_.below(12) > 0)
      program.push_back({uint16_t(BPF_RET | (chance_.below(2) ? BPF_A : BPF_K)), 0, 0, 5});
    return program;
  }

 private:
  void add(Program& program) {
    static constexpr uint16_t kLoads[] = {BPF_LD | BPF_W | BPF_ABS,  BPF_LD | BPF_H | BPF_ABS,
                                          BPF_LD | BPF_B | BPF_ABS,  BPF_LD | BPF_W | BPF_LEN,
                                          BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_B | BPF_MSH};
    static constexpr uint16_t kIndexed[] = {BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND,
                                            BPF_LD | BPF_B | BPF_IND};
    static constexpr uint16_t kOthers[] = {
        BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM, BPF_LD | BPF_MEM,   BPF_LDX | BPF_MEM,
        BPF_ST,           BPF_STX,           BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA};
    static constexpr uint32_t kConstants[] = {0,  1,  2,    5,          15,         16,
                                              31, 32, 0xff, 0x7fffffff, 0x80000000, 0xffffffff};
    const uint32_t constant = kConstants[chance_.below(std::size(kConstants))];
    switch (chance_.below(6)) {
      case 0:
        program.push_back({kLoads[chance_.below(std::size(kLoads))], 0, 0, chance_.below(40)});
        break;
      case 1:  // the index is small: the kernel gives large ones a meaning of their own
        program.push_back({BPF_LDX | BPF_IMM, 0, 0, chance_.below(20)});
        program.push_back({kIndexed[chance_.below(std::size(kIndexed))], 0, 0, chance_.below(20)});
        break;
      case 2:
        program.push_back({kOthers[chance_.below(std::size(kOthers))], 0, 0, chance_.below(17)});
        break;
      case 3:
        program.push_back(
            {uint16_t(BPF_ALU | chance_.below(12) << 4 | chance_.below(2) << 3), 0, 0, constant});
        break;
      case 4:
        program.push_back({uint16_t(BPF_JMP | chance_.below(5) << 4 | chance_.below(2) << 3),
                           uint8_t(chance_.below(3)), uint8_t(chance_.below(3)), chance_.below(4)});
        break;
      default:
        program.push_back(
            {uint16_t(chance_.below(20) ? BPF_LD | BPF_IMM : chance_.below(0x100)), 0, 0, constant});
    }
  }

  Chance chance_{1234567};
};

// A jump may pass over the small index of an indexed load: that program is left out of the comparison of
// verdicts.
bool mayIndexFar(const Program& program) {
  bool indexed = false;
  bool jumped = false;
  for (const auto& [code, jt, jf, k] : program) {
    indexed |= BPF_CLASS(code) == BPF_LD && BPF_MODE(code) == BPF_IND;
    jumped |= BPF_CLASS(code) == BPF_JMP;
  }
  return indexed && jumped;
}

}  // namespace

TEST_CASE("bpf: the kernel's verdict on the port filter's frames is the interpreter's") {
  compare(portFilter({}), framesAs([](const Typed& frame) { return frame.ethernet(); }));
  compare(portFilter({.tunnels = false, .snapLength = 60}),
          framesAs([](const Typed& frame) { return frame.under(0x8100).under(0x88a8).ethernet(); }));
  compare(portFilter({.linkType = 113, .ipv6Chains = false}),
          framesAs([](const Typed& frame) { return frame.cooked(); }));
  compare(portFilter({.linkType = 101}), framesAs([](const Typed& frame) { return frame.rest; }));
}

TEST_CASE("bpf: the kernel's verdict on packets inside of IPIP is the interpreter's") {
  compare(ipipFilter({}), framesAs([](const Typed& frame) { return ipv4WithOptions(2, frame.rest, 4); }));
}

TEST_CASE("bpf: the kernel attaches what the interpreter calls valid, and runs it alike") {
  Programs programs;
  Chance chance(99);
  size_t attached = 0;
  for (int i = 0; i < 3000; i++) {
    const Program program = programs.next();
    CAPTURE(toListing(program));
    FilteredPair pair;
    REQUIRE(pair.attach(program) == isValid(program));
    if (!isValid(program) || mayIndexFar(program)) continue;
    attached++;
    for (int n = 0; n < 3; n++) {
      std::string packet(1 + chance.below(40), '\0');
      for (char& octet : packet) octet = char(chance.below(256));
      CHECK(pair.kept(packet) == expected(program, packet));
    }
  }
  CHECK(attached > 500);
}
