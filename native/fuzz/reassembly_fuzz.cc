// Fragments as the fuzzer orders them, of datagrams whose octets are known: what comes out whole is right,
// the bounds hold after each frame, and time may do what it wants.
//
//   control 1: families, ids, whether the octets lie | offset in eights 1 | eights 1 | seconds, signed 1
#include <cstdlib>
#include <string>

#include "decode/dissector.h"

namespace {

using namespace hepcapd;

constexpr size_t kPayloadBytes = 1001;
constexpr int64_t kSecond = 1'000'000'000;

void put16(std::string& packet, size_t at, size_t value) {
  packet[at] = char(value >> 8);
  packet[at + 1] = char(value);
}

struct Step {
  uint8_t control, offset, eights;
  int8_t seconds;
  bool ipv6() const { return control & 1; }
  uint8_t id() const { return control >> 1 & 3; }
  bool lies() const { return control & 8; }
  bool tunnelled() const { return control & 16; }
  bool cut() const { return control & 32; }
};

// UDP, then octets that say where they are and whose: nothing put together wrongly reads right.
std::string datagram(const Step& step) {
  std::string text(8 + kPayloadBytes, '\0');
  put16(text, 2, 5060);
  put16(text, 4, text.size());
  for (size_t i = 8; i < text.size(); i++) text[i] = char(i * 7 + i / 256 + step.id() * 31 + step.ipv6());
  return text;
}

std::string header4(size_t payload, uint8_t protocol) {
  std::string ip("\x45\0\0\0\0\0\0\0\x40\0\0\0\x0a\0\0\1\x0a\0\0\2", 20);
  put16(ip, 2, 20 + payload);
  ip[9] = char(protocol);
  return ip;
}

std::string fragment(const Step& step) {
  const std::string whole = datagram(step);
  const size_t offset = step.offset % (whole.size() / 8 + 1) * 8;
  std::string part = whole.substr(offset, step.eights * size_t{8});
  const bool more = offset + part.size() < whole.size();
  if (step.lies() && !part.empty()) part.back() ^= 0x55;
  std::string ip;
  if (step.ipv6()) {
    ip = std::string(48, '\0');
    ip[0] = 0x60;
    put16(ip, 4, 8 + part.size());
    ip[6] = 44;
    ip[40] = 17;
    put16(ip, 42, offset | more);
    ip[47] = char(step.id());
  } else {
    ip = header4(part.size(), 17);
    put16(ip, 6, (more ? 0x2000 : 0) | offset / 8);
    ip[5] = char(step.id());
  }
  ip += part;
  if (step.tunnelled()) ip = header4(ip.size(), 4) + ip;
  if (step.cut()) ip.pop_back();
  return ip;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  DissectorLimits limits;
  limits.fragmentBytes = 8192;
  limits.fragmentDatagrams = 5;
  Dissector dissector(limits);
  int64_t timeNs = 1000 * kSecond;
  bool lied = false;
  for (size_t at = 0; at + 4 <= size; at += 4) {
    const Step step{octets[at], octets[at + 1], octets[at + 2], int8_t(octets[at + 3])};
    timeNs += step.seconds * kSecond;
    lied = lied || step.lies();
    const std::string packet = fragment(step);
    const Frame frame{101, timeNs, Bytes(packet), uint32_t(packet.size())};
    Segment out;
    const Refusal refusal = dissector.dissect(frame, out);
    const DissectorCounters& counters = dissector.counters();
    require(counters.heldBytes <= limits.fragmentBytes && counters.heldDatagrams <= limits.fragmentDatagrams);
    require((counters.heldDatagrams == 0) == (counters.heldBytes == 0));
    require(lied || (refusal != Refusal::fragmentOverlap) || step.ipv6());
    if (refusal == Refusal::none && !lied) require(out.payload.text() == datagram(step).substr(8));
  }
  return 0;
}
