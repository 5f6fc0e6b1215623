// Any octets as a capture file: the reader ends, and every frame it emits can be read from end to end.
#include <sys/mman.h>

#include <cstdlib>

#include "capture/pcap_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  hepcapd::Fd file(::memfd_create("fuzz", MFD_CLOEXEC));
  if (::write(file.get(), octets, size) != ssize_t(size) || ::lseek(file.get(), 0, SEEK_SET) != 0)
    std::abort();
  hepcapd::PcapReader reader(std::move(file));
  hepcapd::Frame frame;
  size_t total = 0;
  while (reader.next(frame) == hepcapd::ReadState::frame) {
    for (uint8_t octet : frame.octets) total += octet;
    if (frame.octets.size > size) std::abort();
  }
  return total == SIZE_MAX;
}
