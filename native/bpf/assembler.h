// Puts a program together from instructions and labels, and finds a way for jumps that are too long for the
// eight bits of a conditional one. Jumps go forward only: the machine knows no others.
#pragma once

#include "program.h"

namespace hepcapd {

class Assembler {
 public:
  struct Label {
    size_t id;
  };

  Label newLabel();
  // The next instruction is where the label's jumps lead. Each label that is used is placed once.
  void place(Label label);

  void add(uint16_t code, uint32_t k = 0);
  // `test` is BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET; compares the accumulator with `k`, else goes on.
  void jumpIf(uint16_t test, uint32_t k, Label yes);
  void jumpUnless(uint16_t test, uint32_t k, Label no);
  void jump(Label to);

  Program assemble() const;

 private:
  static constexpr size_t kOnward = SIZE_MAX;

  struct Step {
    Instruction instruction;
    size_t yes = kOnward;  // label ids
    size_t no = kOnward;
    bool jumps = false;
  };
  // Where each step begins in the program, and which of its jumps go through a word of their own.
  struct Layout;

  void emit(const Step& step, size_t index, const Layout& layout, Program& program) const;
  size_t target(size_t label, size_t index, const Layout& layout) const;
  bool stretch(Layout& layout) const;

  std::vector<Step> steps_;
  std::vector<size_t> labels_;  // the step that each one is before
};

}  // namespace hepcapd
