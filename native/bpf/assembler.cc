#include "assembler.h"

#include <cstdlib>

namespace hepcapd {
namespace {

constexpr size_t kFarthest = UINT8_MAX;
constexpr size_t kNowhere = SIZE_MAX;

}  // namespace

struct Assembler::Layout {
  std::vector<size_t> starts;
  std::vector<uint8_t> farYes;
  std::vector<uint8_t> farNo;

  explicit Layout(size_t steps) : starts(steps + 1), farYes(steps), farNo(steps) { place(); }
  void place() {
    for (size_t i = 0; i < farYes.size(); i++) starts[i + 1] = starts[i] + 1 + farYes[i] + farNo[i];
  }
};

Assembler::Label Assembler::newLabel() {
  labels_.push_back(kNowhere);
  return {labels_.size() - 1};
}

void Assembler::place(Label label) {
  if (labels_[label.id] != kNowhere) std::abort();
  labels_[label.id] = steps_.size();
}

void Assembler::add(uint16_t code, uint32_t k) { steps_.push_back({{code, 0, 0, k}}); }

void Assembler::jumpIf(uint16_t test, uint32_t k, Label yes) {
  steps_.push_back({{uint16_t(BPF_JMP | test | BPF_K), 0, 0, k}, yes.id, kOnward, true});
}

void Assembler::jumpUnless(uint16_t test, uint32_t k, Label no) {
  steps_.push_back({{uint16_t(BPF_JMP | test | BPF_K), 0, 0, k}, kOnward, no.id, true});
}

void Assembler::jump(Label to) { steps_.push_back({{BPF_JMP | BPF_JA, 0, 0, 0}, to.id, kOnward, true}); }

size_t Assembler::target(size_t label, size_t index, const Layout& layout) const {
  if (label == kOnward) return layout.starts[index + 1];
  const size_t step = labels_[label];
  if (step == kNowhere || step <= index) std::abort();
  return layout.starts[step];
}

// Gives the jumps that do not reach a word of their own; true when there were new ones.
bool Assembler::stretch(Layout& layout) const {
  bool grew = false;
  for (size_t i = 0; i < steps_.size(); i++) {
    const Step& step = steps_[i];
    if (!step.jumps || step.instruction.code == (BPF_JMP | BPF_JA)) continue;
    const size_t next = layout.starts[i] + 1;
    const auto lengthen = [&](size_t label, uint8_t& far) {
      if (far || target(label, i, layout) - next <= kFarthest) return;
      far = 1;
      grew = true;
    };
    lengthen(step.yes, layout.farYes[i]);
    lengthen(step.no, layout.farNo[i]);
  }
  layout.place();
  return grew;
}

void Assembler::emit(const Step& step, size_t index, const Layout& layout, Program& program) const {
  Instruction instruction = step.instruction;
  const size_t next = program.size() + 1;
  if (!step.jumps) {
    program.push_back(instruction);
    return;
  }
  const size_t yes = target(step.yes, index, layout);
  const size_t no = target(step.no, index, layout);
  if (instruction.code == (BPF_JMP | BPF_JA)) {
    instruction.k = uint32_t(yes - next);
    program.push_back(instruction);
    return;
  }
  const bool farYes = layout.farYes[index];
  const bool farNo = layout.farNo[index];
  instruction.jt = farYes ? 0 : uint8_t(yes - next);
  instruction.jf = farNo ? farYes : uint8_t(no - next);
  program.push_back(instruction);
  if (farYes) program.push_back({BPF_JMP | BPF_JA, 0, 0, uint32_t(yes - program.size() - 1)});
  if (farNo) program.push_back({BPF_JMP | BPF_JA, 0, 0, uint32_t(no - program.size() - 1)});
}

Program Assembler::assemble() const {
  Layout layout(steps_.size());
  while (stretch(layout)) {
  }
  Program program;
  for (size_t i = 0; i < steps_.size(); i++) emit(steps_[i], i, layout, program);
  return program;
}

}  // namespace hepcapd
