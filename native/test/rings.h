// Packet rings of the tests: how they are opened on the interfaces of a Network, and read to the end.
#pragma once

#include <cstdio>

#include "capture/packet_ring.h"
#include "network.h"

namespace hepcapd::test {

inline constexpr size_t kSmallRing = 4 << 20;
inline constexpr int kBlockMs = 1000;  // longer than the kernel keeps a block
inline constexpr uint32_t kLongMs = 60'000;

inline RingOptions onInterface(const char* name) {
  RingOptions options;
  options.interfaceIndex = indexOf(name);
  options.ringBytes = kSmallRing;
  options.promiscuous = false;
  return options;
}

// Everything that was captured so far: no more comes in, and what is in the ring comes out.
inline void readAll(PacketRing& ring, FrameSink& sink) {
  ring.refuseMore();
  waitUntil([&] {
    while (RingBlock block = ring.nextBlock(0)) {
      for (Frame frame; block.next(frame);) sink.frame(frame);
    }
    return ring.pending() == 0;
  });
}

inline std::string shown(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  char chunk[256];
  for (size_t count; (count = ::fread(chunk, 1, sizeof chunk, pipe)) > 0;) text.append(chunk, count);
  ::pclose(pipe);
  return text;
}

inline int promiscuity(const std::string& interface) {
  const std::string text = shown("ip -d -o link show " + interface);
  const size_t at = text.find("promiscuity ");
  REQUIRE(at != std::string::npos);
  return std::atoi(text.c_str() + at + 12);
}

// Accepts numbered frames with this letter after the number.
inline Program onlyLetter(char letter) {
  return {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 18},
          {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, uint8_t(letter)},
          {BPF_RET | BPF_K, 0, 0, 0x40000},
          {BPF_RET | BPF_K, 0, 0, 0}};
}

inline Program rejectEverything() { return {{BPF_RET | BPF_K, 0, 0, 0}}; }

}  // namespace hepcapd::test
