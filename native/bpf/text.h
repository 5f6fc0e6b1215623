// Programs as people and tools pass them on: the listing of `tcpdump -d`, the C of -dd, the numbers of -ddd.
#pragma once

#include <string>
#include <string_view>

#include "program.h"

namespace hepcapd {

// Octet for octet what tcpdump 4.99 prints, line ends included.
std::string toListing(const Program& program);
std::string toInitializers(const Program& program);
std::string toNumbers(const Program& program);

struct TextFault {
  size_t line = 0;  // from 1
  std::string what;
};

// Reads what toNumbers() and `tcpdump -ddd` write: the number of instructions, then code, jt, jf and k of
// each on a line of its own; empty lines may follow. False: `fault` says what is wrong where, also with a
// program that no kernel would attach, and `program` is as it was.
bool parseNumbers(std::string_view text, Program& program, TextFault& fault);

}  // namespace hepcapd
