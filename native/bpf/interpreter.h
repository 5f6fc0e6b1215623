// What the kernel does with a filter, in user space: is it one that can be attached, and what does it say of
// a packet. For tests and for numbers that users bring; never on the packet path.
#pragma once

#include <optional>
#include <string>

#include "../base/bytes.h"
#include "program.h"

namespace hepcapd {

// Is it an opcode of the machine?
bool isKnownCode(uint16_t code);

struct ProgramFault {
  size_t at;  // instruction, from 0
  std::string what;
};

// As the kernel checks a socket filter before it attaches it (net/core/filter.c): known codes, jumps that
// stay inside, constants that make sense, memory written before it is read, and a `ret` at the end.
std::optional<ProgramFault> faultOf(const Program& program);
inline bool isValid(const Program& program) { return !faultOf(program); }

// The program's verdict: octets to keep, 0 is none. A load from outside of the packet, a division by zero and
// an invalid program are 0. Arithmetic is the kernel's: 32 bits, shifts take five bits of their count. The
// kernel's own extensions, loads from 0xfff00000 up (SKF_AD_OFF and its like), are outside of the packet.
uint32_t run(const Program& program, Bytes packet, uint32_t wireLength);

}  // namespace hepcapd
