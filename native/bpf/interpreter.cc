#include "interpreter.h"

#include <array>

namespace hepcapd {
namespace {

// Places where the kernel has something else than the packet: every fourth one.
bool isNoAncillary(uint32_t k) {
  const uint32_t offset = k - uint32_t(SKF_AD_OFF);
  return k >= uint32_t(SKF_AD_OFF) && (offset >= SKF_AD_MAX || offset % 4 != 0);
}

bool isJumpAlways(const Instruction& at) { return at.code == (BPF_JMP | BPF_JA); }
bool isJump(const Instruction& at) { return BPF_CLASS(at.code) == BPF_JMP; }
bool isReturn(const Instruction& at) { return BPF_CLASS(at.code) == BPF_RET; }

bool isKnownAlu(uint16_t code) {
  if (code == (BPF_ALU | BPF_NEG)) return true;
  return (code & ~(BPF_ALU | 0xf0 | BPF_X)) == 0 && BPF_OP(code) <= BPF_XOR && BPF_OP(code) != BPF_NEG;
}

bool isKnownJump(uint16_t code) {
  if (code == (BPF_JMP | BPF_JA)) return true;
  const uint16_t test = BPF_OP(code);
  const bool known = test == BPF_JEQ || test == BPF_JGT || test == BPF_JGE || test == BPF_JSET;
  return known && (code & ~(BPF_JMP | 0xf0 | BPF_X)) == 0;
}

bool isLoad(const Instruction& at, uint16_t mode) {
  return BPF_CLASS(at.code) == BPF_LD && BPF_MODE(at.code) == mode;
}

bool readsMemory(uint16_t code) { return code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM); }
bool writesMemory(uint16_t code) { return code == BPF_ST || code == BPF_STX; }

// What is wrong with one instruction of a program of `count`; nullptr when nothing is.
const char* oneFault(const Instruction& at, size_t index, size_t count) {
  if (!isKnownCode(at.code)) return "unknown code";
  const size_t left = count - index - 1;  // instructions behind this one
  if (isJumpAlways(at)) return at.k < left ? nullptr : "a jump out of the program";
  if (isJump(at)) return at.jt < left && at.jf < left ? nullptr : "a jump out of the program";
  if (readsMemory(at.code) || writesMemory(at.code)) {
    return at.k < BPF_MEMWORDS ? nullptr : "no such memory cell";
  }
  const bool constant = BPF_CLASS(at.code) == BPF_ALU && BPF_SRC(at.code) == BPF_K;
  const uint16_t operation = BPF_OP(at.code);
  if (constant && (operation == BPF_DIV || operation == BPF_MOD) && at.k == 0) return "a division by zero";
  if (constant && (operation == BPF_LSH || operation == BPF_RSH) && at.k >= 32)
    return "a shift by more than 31";
  if (isLoad(at, BPF_ABS) && isNoAncillary(at.k)) return "a load of what the kernel does not have";
  return nullptr;
}

// Memory cells that are written on every way to an instruction. The kernel refuses to read any other: it
// would show what the stack had there.
class WrittenCells {
 public:
  explicit WrittenCells(const Program& program) : program_(program), known_(program.size(), kAll) {}

  std::optional<size_t> firstUnwrittenRead() {
    uint16_t written = 0;
    for (size_t i = 0; i < program_.size(); i++) {
      const Instruction& at = program_[i];
      written &= known_[i];
      if (writesMemory(at.code)) written |= uint16_t(1 << at.k);
      if (readsMemory(at.code) && !(written & (1 << at.k))) return i;
      if (!isJump(at)) continue;
      if (isJumpAlways(at)) {
        known_[i + 1 + at.k] &= written;
      } else {
        known_[i + 1 + at.jt] &= written;
        known_[i + 1 + at.jf] &= written;
      }
      written = kAll;  // nothing falls through a jump
    }
    return std::nullopt;
  }

 private:
  static constexpr uint16_t kAll = 0xffff;
  const Program& program_;
  std::vector<uint16_t> known_;
};

// The machine between two instructions.
struct Machine {
  Bytes packet;
  uint32_t wireLength;
  uint32_t a = 0;
  uint32_t x = 0;
  std::array<uint32_t, BPF_MEMWORDS> memory{};

  bool load(uint16_t size, uint32_t at, uint32_t& to) const {
    const size_t octets = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
    if (at > packet.size || packet.size - at < octets) return false;
    const uint8_t* from = packet.data + at;
    to = size == BPF_W ? readU32(from) : size == BPF_H ? readU16(from) : *from;
    return true;
  }

  bool loadA(const Instruction& at) {
    switch (BPF_MODE(at.code)) {
      case BPF_ABS:
        return load(BPF_SIZE(at.code), at.k, a);
      case BPF_IND:
        return load(BPF_SIZE(at.code), x + at.k, a);
      case BPF_LEN:
        a = wireLength;
        return true;
      case BPF_MEM:
        a = memory[at.k];
        return true;
      default:
        a = at.k;
        return true;
    }
  }

  bool loadX(const Instruction& at) {
    switch (BPF_MODE(at.code)) {
      case BPF_MSH:
        if (!load(BPF_B, at.k, x)) return false;
        x = (x & 0x0f) * 4;
        return true;
      case BPF_LEN:
        x = wireLength;
        return true;
      case BPF_MEM:
        x = memory[at.k];
        return true;
      default:
        x = at.k;
        return true;
    }
  }

  // False: a division by zero.
  bool compute(const Instruction& at) {
    const uint32_t operand = BPF_SRC(at.code) == BPF_X ? x : at.k;
    switch (BPF_OP(at.code)) {
      case BPF_ADD:
        a += operand;
        return true;
      case BPF_SUB:
        a -= operand;
        return true;
      case BPF_MUL:
        a *= operand;
        return true;
      case BPF_DIV:
        return operand != 0 && (a /= operand, true);
      case BPF_MOD:
        return operand != 0 && (a %= operand, true);
      case BPF_AND:
        a &= operand;
        return true;
      case BPF_OR:
        a |= operand;
        return true;
      case BPF_XOR:
        a ^= operand;
        return true;
      case BPF_LSH:
        a <<= operand & 31;
        return true;
      case BPF_RSH:
        a >>= operand & 31;
        return true;
      default:
        a = -a;
        return true;
    }
  }

  // Instructions to pass over.
  uint32_t jump(const Instruction& at) const {
    const uint32_t operand = BPF_SRC(at.code) == BPF_X ? x : at.k;
    switch (BPF_OP(at.code)) {
      case BPF_JEQ:
        return a == operand ? at.jt : at.jf;
      case BPF_JGT:
        return a > operand ? at.jt : at.jf;
      case BPF_JGE:
        return a >= operand ? at.jt : at.jf;
      case BPF_JSET:
        return a & operand ? at.jt : at.jf;
      default:
        return at.k;
    }
  }

  // Anything but jumps and returns. False ends the program with the verdict 0.
  bool step(const Instruction& at) {
    switch (BPF_CLASS(at.code)) {
      case BPF_LD:
        return loadA(at);
      case BPF_LDX:
        return loadX(at);
      case BPF_ALU:
        return compute(at);
      case BPF_ST:
        memory[at.k] = a;
        return true;
      case BPF_STX:
        memory[at.k] = x;
        return true;
      default:
        (BPF_MISCOP(at.code) == BPF_TAX ? x : a) = BPF_MISCOP(at.code) == BPF_TAX ? a : x;
        return true;
    }
  }
};

}  // namespace

bool isKnownCode(uint16_t code) {
  switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_LD | BPF_H | BPF_ABS:
    case BPF_LD | BPF_B | BPF_ABS:
    case BPF_LD | BPF_W | BPF_IND:
    case BPF_LD | BPF_H | BPF_IND:
    case BPF_LD | BPF_B | BPF_IND:
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LD | BPF_IMM:
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_B | BPF_MSH:
    case BPF_LDX | BPF_IMM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
      return true;
    default:
      break;
  }
  if (BPF_CLASS(code) == BPF_ALU) return isKnownAlu(code);
  return BPF_CLASS(code) == BPF_JMP && isKnownJump(code);
}

std::optional<ProgramFault> faultOf(const Program& program) {
  if (program.empty()) return ProgramFault{0, "a program has one instruction at least"};
  if (program.size() > kMaxInstructions) {
    return ProgramFault{kMaxInstructions, "more than " + std::to_string(kMaxInstructions) + " instructions"};
  }
  for (size_t i = 0; i < program.size(); i++) {
    if (const char* fault = oneFault(program[i], i, program.size())) return ProgramFault{i, fault};
  }
  if (!isReturn(program.back())) return ProgramFault{program.size() - 1, "the last instruction is no ret"};
  if (const auto at = WrittenCells(program).firstUnwrittenRead()) {
    return ProgramFault{*at, "memory is read before it is written"};
  }
  return std::nullopt;
}

uint32_t run(const Program& program, Bytes packet, uint32_t wireLength) {
  if (!isValid(program)) return 0;
  Machine machine{packet, wireLength};
  for (size_t at = 0;; at++) {
    const Instruction& instruction = program[at];
    if (isReturn(instruction)) return BPF_RVAL(instruction.code) == BPF_A ? machine.a : instruction.k;
    if (isJump(instruction)) {
      at += machine.jump(instruction);
    } else if (!machine.step(instruction)) {
      return 0;
    }
  }
}

}  // namespace hepcapd
