// Any text as the numbers of a program, or any octets as instructions, run on any packet: neither reads
// outside of the packet, a valid program ends, and its numbers come back as they were.
#include <cstdlib>
#include <cstring>

#include "bpf/interpreter.h"
#include "bpf/text.h"

namespace {

// The packet in memory of its own, so that AddressSanitizer sees its end.
void runOn(const hepcapd::Program& program, hepcapd::Bytes packet) {
  const std::vector<uint8_t> copy(packet.begin(), packet.end());
  hepcapd::run(program, {copy.data(), copy.size()}, uint32_t(copy.size()));
}

void checkRoundTrip(const hepcapd::Program& program) {
  hepcapd::Program again;
  hepcapd::TextFault fault;
  if (!hepcapd::parseNumbers(hepcapd::toNumbers(program), again, fault) || again != program) std::abort();
  if (hepcapd::toListing(program).empty()) std::abort();
}

hepcapd::Program instructionsOf(hepcapd::Bytes octets) {
  hepcapd::Program program(octets.size / sizeof(hepcapd::Instruction));
  if (!program.empty()) std::memcpy(program.data(), octets.data, program.size() * sizeof program[0]);
  return program;
}

}  // namespace

// The first octet says how long the program is, in steps of 16 octets, and the second what it is made of.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  if (size < 2) return 0;
  const hepcapd::Bytes rest(octets + 2, size - 2);
  const hepcapd::Bytes head = rest.first(octets[0] * size_t{16});
  hepcapd::Program program;
  hepcapd::TextFault fault;
  if (octets[1] % 2 == 0) {
    if (!hepcapd::parseNumbers(head.text(), program, fault)) return 0;
  } else {
    program = instructionsOf(head);
    hepcapd::toListing(program);
    if (!hepcapd::isValid(program)) return 0;
  }
  checkRoundTrip(program);
  runOn(program, rest.from(head.size));
  return 0;
}
