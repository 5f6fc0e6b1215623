// The machine, instruction by instruction, and what it refuses to run.
#include <doctest/doctest.h>

#include "bpf/interpreter.h"
#include "frames.h"
#include "guarded.h"

using namespace hepcapd;
using namespace hepcapd::test;

namespace {

constexpr Instruction kReturnA{BPF_RET | BPF_A, 0, 0, 0};
constexpr Instruction kReturn1{BPF_RET | BPF_K, 0, 0, 1};

Instruction word(uint16_t code, uint32_t k = 0) { return {code, 0, 0, k}; }
Instruction branch(uint16_t code, uint32_t k, uint8_t jt, uint8_t jf) { return {code, jt, jf, k}; }

uint32_t verdict(const Program& program, const std::string& packet = "", uint32_t wireLength = 0) {
  const GuardedBytes input(packet);
  REQUIRE(isValid(program));
  return run(program, input.bytes(), wireLength);
}

uint32_t computed(uint16_t operation, uint32_t a, uint32_t operand) {
  const uint32_t byConstant =
      verdict({word(BPF_LD | BPF_IMM, a), word(BPF_ALU | operation | BPF_K, operand), kReturnA});
  const uint32_t byIndex = verdict({word(BPF_LD | BPF_IMM, a), word(BPF_LDX | BPF_IMM, operand),
                                    word(BPF_ALU | operation | BPF_X), kReturnA});
  CHECK(byConstant == byIndex);
  return byIndex;
}

bool jumps(uint16_t test, uint32_t a, uint32_t operand) {
  const uint32_t byConstant =
      verdict({word(BPF_LD | BPF_IMM, a), branch(BPF_JMP | test | BPF_K, operand, 1, 0),
               word(BPF_RET | BPF_K, 0), kReturn1});
  const uint32_t byIndex =
      verdict({word(BPF_LD | BPF_IMM, a), word(BPF_LDX | BPF_IMM, operand),
               branch(BPF_JMP | test | BPF_X, 0, 0, 1), kReturn1, word(BPF_RET | BPF_K, 0)});
  CHECK(byConstant == byIndex);
  return byConstant != 0;
}

std::string faultText(const Program& program) {
  const auto fault = faultOf(program);
  return fault ? std::to_string(fault->at) + ": " + fault->what : "none";
}

}  // namespace

TEST_CASE("bpf: loads of each width, at fixed and at indexed places") {
  const std::string packet = octets("\x01\x02\x03\x04\x05\x06");
  CHECK(verdict({word(BPF_LD | BPF_W | BPF_ABS, 2), kReturnA}, packet) == 0x03040506);
  CHECK(verdict({word(BPF_LD | BPF_H | BPF_ABS, 4), kReturnA}, packet) == 0x0506);
  CHECK(verdict({word(BPF_LD | BPF_B | BPF_ABS, 5), kReturnA}, packet) == 6);
  const Instruction index = word(BPF_LDX | BPF_IMM, 1);
  CHECK(verdict({index, word(BPF_LD | BPF_W | BPF_IND, 1), kReturnA}, packet) == 0x03040506);
  CHECK(verdict({index, word(BPF_LD | BPF_H | BPF_IND, 3), kReturnA}, packet) == 0x0506);
  CHECK(verdict({index, word(BPF_LD | BPF_B | BPF_IND, 4), kReturnA}, packet) == 6);
}

TEST_CASE("bpf: a load that ends behind the packet is the verdict 0") {
  const std::string packet = octets("\x01\x02\x03\x04");
  for (uint32_t at : {1u, 4u, 5u, 0x7fffffffu, 0xfffffffdu, 0xffffffffu}) {
    CAPTURE(at);
    CHECK(verdict({word(BPF_LDX | BPF_IMM, at), word(BPF_LD | BPF_W | BPF_IND), kReturn1}, packet) == 0);
  }
  CHECK(verdict({word(BPF_LD | BPF_H | BPF_ABS, 3), kReturn1}, packet) == 0);
  CHECK(verdict({word(BPF_LD | BPF_B | BPF_ABS, 4), kReturn1}, packet) == 0);
  CHECK(verdict({word(BPF_LDX | BPF_B | BPF_MSH, 4), kReturn1}, packet) == 0);
  CHECK(verdict({word(BPF_LD | BPF_B | BPF_ABS, 0), kReturn1}, "") == 0);
}

TEST_CASE("bpf: the sum of index and constant has 32 bits") {
  const Program program = {word(BPF_LDX | BPF_IMM, 0xffffffff), word(BPF_LD | BPF_B | BPF_IND, 2), kReturnA};
  CHECK(verdict(program, octets("\x01\x02")) == 2);
}

TEST_CASE("bpf: what the kernel knows beside the octets is outside of them") {
  CHECK(verdict({word(BPF_LD | BPF_H | BPF_ABS, uint32_t(SKF_AD_OFF)), kReturn1}, "octets") == 0);
}

TEST_CASE("bpf: an IPv4 header's length, the packet's length, constants") {
  CHECK(verdict({word(BPF_LDX | BPF_B | BPF_MSH, 1), word(BPF_MISC | BPF_TXA), kReturnA},
                octets("\x00\xf6")) == 24);
  CHECK(verdict({word(BPF_LD | BPF_W | BPF_LEN), kReturnA}, "cut", 1500) == 1500);
  CHECK(verdict({word(BPF_LDX | BPF_W | BPF_LEN), word(BPF_MISC | BPF_TXA), kReturnA}, "cut", 1500) == 1500);
  CHECK(verdict({word(BPF_LD | BPF_IMM, 0xdeadbeef), kReturnA}) == 0xdeadbeef);
  CHECK(verdict({word(BPF_RET | BPF_K, 262144)}) == 262144);
  CHECK(verdict({kReturnA}) == 0);
}

TEST_CASE("bpf: memory cells keep both registers") {
  CHECK(verdict({word(BPF_LD | BPF_IMM, 5), word(BPF_ST, 0), word(BPF_LD | BPF_IMM, 6),
                 word(BPF_LD | BPF_MEM, 0), kReturnA}) == 5);
  CHECK(verdict({word(BPF_LDX | BPF_IMM, 7), word(BPF_STX, 15), word(BPF_LDX | BPF_IMM, 8),
                 word(BPF_LDX | BPF_MEM, 15), word(BPF_MISC | BPF_TXA), kReturnA}) == 7);
  CHECK(verdict({word(BPF_LD | BPF_IMM, 9), word(BPF_MISC | BPF_TAX), word(BPF_LD | BPF_IMM, 1),
                 word(BPF_MISC | BPF_TXA), kReturnA}) == 9);
}

TEST_CASE("bpf: arithmetic has 32 bits") {
  CHECK(computed(BPF_ADD, 0xffffffff, 2) == 1);
  CHECK(computed(BPF_SUB, 1, 2) == 0xffffffff);
  CHECK(computed(BPF_MUL, 0x10001, 0x10001) == 0x20001);
  CHECK(computed(BPF_DIV, 0xfffffffe, 3) == 0x55555554);
  CHECK(computed(BPF_MOD, 0xffffffff, 16) == 15);
  CHECK(computed(BPF_AND, 0x0ff0, 0x00ff) == 0x00f0);
  CHECK(computed(BPF_OR, 0x0ff0, 0x00ff) == 0x0fff);
  CHECK(computed(BPF_XOR, 0x0ff0, 0x00ff) == 0x0f0f);
  CHECK(computed(BPF_LSH, 0x80000001, 1) == 2);
  CHECK(computed(BPF_RSH, 0x80000001, 31) == 1);
  CHECK(verdict({word(BPF_LD | BPF_IMM, 1), word(BPF_ALU | BPF_NEG), kReturnA}) == 0xffffffff);
}

TEST_CASE("bpf: a shift by the index takes five bits of it") {
  const auto shifted = [](uint16_t operation, uint32_t by) {
    return verdict({word(BPF_LD | BPF_IMM, 8), word(BPF_LDX | BPF_IMM, by), word(BPF_ALU | operation | BPF_X),
                    kReturnA});
  };
  CHECK(shifted(BPF_LSH, 33) == 16);
  CHECK(shifted(BPF_RSH, 33) == 4);
}

TEST_CASE("bpf: a division by an index of zero is the verdict 0") {
  for (uint16_t operation : {BPF_DIV, BPF_MOD}) {
    CHECK(verdict({word(BPF_LD | BPF_IMM, 8), word(BPF_LDX | BPF_IMM, 0), word(BPF_ALU | operation | BPF_X),
                   kReturn1}) == 0);
  }
}

TEST_CASE("bpf: jumps compare unsigned numbers") {
  CHECK(jumps(BPF_JEQ, 5, 5));
  CHECK_FALSE(jumps(BPF_JEQ, 5, 6));
  CHECK(jumps(BPF_JGT, 0x80000000, 1));
  CHECK_FALSE(jumps(BPF_JGT, 5, 5));
  CHECK(jumps(BPF_JGE, 5, 5));
  CHECK_FALSE(jumps(BPF_JGE, 1, 0x80000000));
  CHECK(jumps(BPF_JSET, 6, 2));
  CHECK_FALSE(jumps(BPF_JSET, 4, 2));
  CHECK(verdict({word(BPF_JMP | BPF_JA, 1), word(BPF_RET | BPF_K, 9), kReturn1}) == 1);
}

TEST_CASE("bpf: programs that no kernel attaches are refused with the place and the reason") {
  CHECK(faultText({}) == "0: a program has one instruction at least");
  CHECK(faultText(Program(kMaxInstructions, kReturn1)) == "none");
  CHECK(faultText(Program(kMaxInstructions + 1, kReturn1)) == "4096: more than 4096 instructions");
  CHECK(faultText({word(BPF_LD | BPF_IMM)}) == "0: the last instruction is no ret");
  CHECK(faultText({word(0x0f), kReturn1}) == "0: unknown code");
  CHECK(faultText({word(0x8c), kReturn1}) == "0: unknown code");
  CHECK(faultText({word(0x1006), kReturn1}) == "0: unknown code");
  CHECK(faultText({kReturn1, word(BPF_JMP | BPF_JA, 1), kReturn1}) == "1: a jump out of the program");
  CHECK(faultText({branch(BPF_JMP | BPF_JEQ, 0, 1, 0), kReturn1}) == "0: a jump out of the program");
  CHECK(faultText({branch(BPF_JMP | BPF_JEQ, 0, 0, 1), kReturn1}) == "0: a jump out of the program");
  CHECK(faultText({branch(BPF_JMP | BPF_JEQ, 0, 0, 0), kReturn1}) == "none");
  CHECK(faultText({word(BPF_JMP | BPF_JA, 0xffffffff), kReturn1}) == "0: a jump out of the program");
  CHECK(faultText({word(BPF_ST, 16), kReturn1}) == "0: no such memory cell");
  CHECK(faultText({word(BPF_ALU | BPF_DIV | BPF_K, 0), kReturn1}) == "0: a division by zero");
  CHECK(faultText({word(BPF_ALU | BPF_MOD | BPF_K, 0), kReturn1}) == "0: a division by zero");
  CHECK(faultText({word(BPF_ALU | BPF_LSH | BPF_K, 32), kReturn1}) == "0: a shift by more than 31");
  const uint32_t beyond = uint32_t(SKF_AD_OFF) + SKF_AD_MAX;
  CHECK(faultText({word(BPF_LD | BPF_B | BPF_ABS, beyond), kReturn1}) ==
        "0: a load of what the kernel does not have");
}

TEST_CASE("bpf: memory has to be written on every way to where it is read") {
  const Instruction read = word(BPF_LD | BPF_MEM, 3);
  CHECK(faultText({read, kReturn1}) == "0: memory is read before it is written");
  CHECK(faultText({word(BPF_ST, 2), read, kReturn1}) == "1: memory is read before it is written");
  CHECK(faultText({word(BPF_STX, 3), read, kReturn1}) == "none");
  // written on one of two ways
  CHECK(faultText({branch(BPF_JMP | BPF_JEQ, 0, 1, 0), word(BPF_ST, 3), read, kReturn1}) ==
        "2: memory is read before it is written");
  CHECK(faultText({branch(BPF_JMP | BPF_JEQ, 0, 0, 2), word(BPF_ST, 3), word(BPF_JMP | BPF_JA, 1),
                   word(BPF_ST, 3), read, kReturn1}) == "none");
}

TEST_CASE("bpf: an invalid program has the verdict 0") {
  const Program program = {word(BPF_JMP | BPF_JA, 7), kReturn1};
  CHECK(run(program, Bytes(std::string_view("x")), 1) == 0);
}
