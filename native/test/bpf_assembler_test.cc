// The assembler: labels become distances, and jumps of any length arrive.
#include <doctest/doctest.h>

#include "bpf/assembler.h"
#include "bpf/interpreter.h"

using namespace hepcapd;

namespace {

// Compares the packet's first octet with 7; so many instructions stand before each of the two answers.
Program comparison(size_t beforeYes, size_t beforeNo, bool unless) {
  Assembler code;
  const auto yes = code.newLabel();
  const auto no = code.newLabel();
  code.add(BPF_LD | BPF_B | BPF_ABS, 0);
  if (unless) {
    code.jumpUnless(BPF_JEQ, 7, no);
    code.jump(yes);
  } else {
    code.jumpIf(BPF_JEQ, 7, yes);
    code.jump(no);
  }
  for (size_t i = 0; i < beforeYes; i++) code.add(BPF_RET | BPF_K, 99);
  code.place(yes);
  code.add(BPF_RET | BPF_K, 1);
  for (size_t i = 0; i < beforeNo; i++) code.add(BPF_RET | BPF_K, 99);
  code.place(no);
  code.add(BPF_RET | BPF_K, 2);
  return code.assemble();
}

uint32_t verdict(const Program& program, uint8_t octet) { return run(program, {&octet, size_t(1)}, 1); }

}  // namespace

TEST_CASE("bpf: an assembled jump arrives, however long it is") {
  for (size_t yes : {0, 1, 253, 254, 255, 256, 257, 1000}) {
    for (size_t no : {0, 1, 253, 254, 255, 256, 257, 1000}) {
      for (bool unless : {false, true}) {
        CAPTURE(yes);
        CAPTURE(no);
        const Program program = comparison(yes, no, unless);
        REQUIRE(isValid(program));
        CHECK(verdict(program, 7) == 1);
        CHECK(verdict(program, 8) == 2);
      }
    }
  }
}

TEST_CASE("bpf: a jump gets a word of its own only when it needs one") {
  CHECK(comparison(254, 0, false).size() == 1 + 2 + 254 + 2);
  CHECK(comparison(255, 0, false).size() == 1 + 3 + 255 + 2);
}

TEST_CASE("bpf: a word of its own can push other jumps out of reach") {
  Assembler code;
  const auto end = code.newLabel();
  code.add(BPF_LD | BPF_B | BPF_ABS, 0);
  for (uint32_t i = 0; i < 300; i++) code.jumpIf(BPF_JEQ, i, end);
  code.add(BPF_RET | BPF_K, 1);
  code.place(end);
  code.add(BPF_RET | BPF_K, 2);
  const Program program = code.assemble();
  REQUIRE(isValid(program));
  for (int octet = 0; octet < 256; octet++) CHECK(verdict(program, uint8_t(octet)) == 2);
}
