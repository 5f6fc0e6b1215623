// A classic BPF program: what SO_ATTACH_FILTER takes, and what `tcpdump -ddd` writes.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hepcapd {

// One word of the machine; the opcodes are those of <linux/filter.h>.
struct Instruction {
  uint16_t code;
  uint8_t jt;  // conditional jumps: instructions to pass over when true, and when false
  uint8_t jf;
  uint32_t k;
  bool operator==(const Instruction&) const = default;
};
static_assert(sizeof(Instruction) == sizeof(sock_filter));
static_assert(offsetof(Instruction, code) == offsetof(sock_filter, code));
static_assert(offsetof(Instruction, jt) == offsetof(sock_filter, jt));
static_assert(offsetof(Instruction, jf) == offsetof(sock_filter, jf));
static_assert(offsetof(Instruction, k) == offsetof(sock_filter, k));

using Program = std::vector<Instruction>;

inline constexpr size_t kMaxInstructions = BPF_MAXINSNS;

}  // namespace hepcapd
