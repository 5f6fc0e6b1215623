// Listings and numbers, as tcpdump 4.99 prints them, and back.
#include <doctest/doctest.h>

#include "bpf/text.h"

using namespace hepcapd;

namespace {

std::string faultText(std::string_view text) {
  Program program = {{BPF_RET, 0, 0, 5}};
  TextFault fault;
  if (parseNumbers(text, program, fault)) return "none";
  CHECK(program == Program{{BPF_RET, 0, 0, 5}});
  return std::to_string(fault.line) + ": " + fault.what;
}

}  // namespace

TEST_CASE("bpf: the listing of every instruction") {
  const Program program = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 7},
      {BPF_LD | BPF_H | BPF_ABS, 0, 0, 0xfffff02c},
      {BPF_LD | BPF_B | BPF_IND, 0, 0, 14},
      {BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},
      {BPF_LD | BPF_IMM, 0, 0, 255},
      {BPF_LD | BPF_MEM, 0, 0, 3},
      {BPF_LDX | BPF_B | BPF_MSH, 0, 0, 14},
      {BPF_LDX | BPF_IMM, 0, 0, 16},
      {BPF_LDX | BPF_MEM, 0, 0, 15},
      {BPF_LDX | BPF_W | BPF_LEN, 0, 0, 0},
      {BPF_ST, 0, 0, 1},
      {BPF_STX, 0, 0, 2},
      {BPF_ALU | BPF_ADD | BPF_K, 0, 0, 0xffffffff},
      {BPF_ALU | BPF_SUB | BPF_X, 0, 0, 7},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf0},
      {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 2},
      {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 17},
      {BPF_ALU | BPF_NEG, 0, 0, 0},
      {BPF_JMP | BPF_JA, 0, 0, 3},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 200, 0x86dd},
      {BPF_JMP | BPF_JSET | BPF_X, 1, 2, 0},
      {BPF_MISC | BPF_TAX, 0, 0, 0},
      {BPF_MISC | BPF_TXA, 0, 0, 0},
      {BPF_RET | BPF_A, 0, 0, 0},
      {0x8c, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, 262144},
  };
  CHECK(toListing(program) ==
        "(000) ld       [7]\n"
        "(001) ldh      [vlan_tci]\n"
        "(002) ldb      [x + 14]\n"
        "(003) ld       #pktlen\n"
        "(004) ld       #0xff\n"
        "(005) ld       M[3]\n"
        "(006) ldxb     4*([14]&0xf)\n"
        "(007) ldx      #0x10\n"
        "(008) ldx      M[15]\n"
        "(009) unimp    0x81\n"
        "(010) st       M[1]\n"
        "(011) stx      M[2]\n"
        "(012) add      #-1\n"
        "(013) sub      x\n"
        "(014) and      #0xf0\n"
        "(015) lsh      #2\n"
        "(016) xor      #0x11\n"
        "(017) neg      \n"
        "(018) ja       22\n"
        "(019) jeq      #0x86dd          jt 20\tjf 220\n"
        "(020) jset     x                jt 22\tjf 23\n"
        "(021) tax      \n"
        "(022) txa      \n"
        "(023) ret      \n"
        "(024) unimp    0x8c\n"
        "(025) ret      #262144\n");
}

TEST_CASE("bpf: numbers and C, one instruction a line") {
  const Program program = {{BPF_LD | BPF_H | BPF_ABS, 0, 0, 12}, {BPF_RET | BPF_K, 0, 0, 0xffffffff}};
  CHECK(toNumbers(program) == "2\n40 0 0 12\n6 0 0 4294967295\n");
  CHECK(toInitializers(program) == "{ 0x28, 0, 0, 0x0000000c },\n{ 0x6, 0, 0, 0xffffffff },\n");
}

TEST_CASE("bpf: numbers come back as they were") {
  const Program program = {{BPF_LD | BPF_H | BPF_ABS, 0, 0, 12},
                           {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x86dd},
                           {BPF_RET | BPF_K, 0, 0, 0xffffffff},
                           {BPF_RET | BPF_K, 0, 0, 0}};
  for (const char* end : {"", "\n", "\r\n \n"}) {
    Program read;
    TextFault fault;
    REQUIRE(parseNumbers(toNumbers(program) + end, read, fault));
    CHECK(read == program);
  }
}

TEST_CASE("bpf: lines may end as other systems end them") {
  CHECK(faultText("2\r\n40 0 0 12\r\n6\t0  0 1\r\n") == "none");
  CHECK(faultText("1\n6 0 0 1") == "none");
}

TEST_CASE("bpf: a fault of the numbers is named with its line") {
  CHECK(faultText("") == "1: it is empty");
  CHECK(faultText("(000) ret #0\n") == "1: the number of instructions is no number");
  CHECK(faultText("1 6 0 0 1\n") == "1: the first line is the number of instructions alone");
  CHECK(faultText("4097\n") == "1: the number of instructions is more than 4096");
  CHECK(faultText("99999999999\n") == "1: the number of instructions is more than 4096");
  CHECK(faultText("0\n") == "1: a program has one instruction at least");
  CHECK(faultText("2\n6 0 0 1\n") == "2: it ends after 1 of 2 lines");
  CHECK(faultText("1\n6 0 0 1\n6 0 0 0\n") == "3: more than the 1 lines that it announces");
  CHECK(faultText("1\n65536 0 0 1\n") == "2: code is more than 65535");
  CHECK(faultText("1\n6 256 0 1\n") == "2: jt is more than 255");
  CHECK(faultText("1\n6 0 256 1\n") == "2: jf is more than 255");
  CHECK(faultText("1\n6 0 0 4294967296\n") == "2: k is more than 4294967295");
  CHECK(faultText("1\n6 0 0\n") == "2: k is no number");
  CHECK(faultText("1\n6 0 0 -1\n") == "2: k is no number");
  CHECK(faultText("1\n6 0x 0 1\n") == "2: jt is no number");
  CHECK(faultText("1\n6 0 0 1 1\n") == "2: more than four numbers");
}

TEST_CASE("bpf: numbers that no kernel attaches are named with their line") {
  CHECK(faultText("2\n15 0 0 0\n6 0 0 1\n") == "2: unknown code");
  CHECK(faultText("2\n6 0 0 1\n40 0 0 12\n") == "3: the last instruction is no ret");
  CHECK(faultText("3\n6 0 0 1\n5 0 0 9\n6 0 0 0\n") == "3: a jump out of the program");
}
