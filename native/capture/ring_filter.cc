#include "ring_filter.h"

#include <net/if_arp.h>

#include <algorithm>

namespace hepcapd {

Program cutTo(Program program, uint32_t snapLength) {
  if (program.empty()) return {{BPF_RET | BPF_K, 0, 0, snapLength}};
  for (Instruction& one : program) {
    if (one.code == (BPF_RET | BPF_K)) one.k = std::min(one.k, snapLength);
  }
  return program;
}

// Jumps within a program are relative, so that programs can stand behind one another; the one from the head
// over `ethernet` may be long, which only `ja` can be.
Program byHardware(const Program& ethernet, const Program& raw) {
  Program both = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, uint32_t(SKF_AD_OFF + SKF_AD_HATYPE)},
      {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, ARPHRD_ETHER},
      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARPHRD_LOOPBACK},
      {BPF_JMP | BPF_JA, 0, 0, uint32_t(ethernet.size())},
  };
  both.insert(both.end(), ethernet.begin(), ethernet.end());
  both.insert(both.end(), raw.begin(), raw.end());
  return both;
}

}  // namespace hepcapd
