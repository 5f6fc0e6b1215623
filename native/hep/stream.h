// Frames a HEP3 or EEP3 byte stream (TCP, TLS) into packets, however it was cut on the way. A packet that
// arrived whole is handed out where it lies; only an incomplete tail is copied.
//
// One framer belongs to one connection and is used by one thread at a time. It knows nothing of chunks: a
// framed packet may still be refused by parseHep(), and that is no reason to close the connection.
#pragma once

#include <vector>

#include "packet.h"

namespace hepcapd {

class StreamFramer {
 public:
  // Hands each packet that `arrived` completes to `sink(Bytes packet) -> bool`, in order, and returns how
  // many octets of `arrived` are dealt with. The packet is valid until the sink returns.
  //
  // Fewer than arrived.size means one of two things:
  //   fault() is set: the stream cannot be framed any more, close the connection; or
  //   the sink returned false: that packet was not taken. Call again later with the octets from there on,
  //   more may follow them, and the same packet is offered once more.
  template <typename Sink>
  size_t feed(Bytes arrived, Sink&& sink);

  HepFault fault() const { return fault_; }        // none, badMagic or badLength; it stays
  size_t pending() const { return tail_.size(); }  // octets held of a packet that is not complete

 private:
  Bytes next(Bytes rest);
  Bytes completeTail(Bytes rest);
  size_t totalOf(Bytes start);
  void append(Bytes octets, size_t total);
  void dropTail();

  std::vector<uint8_t> tail_;  // the start of a packet; never a whole one between two calls
  HepFault fault_ = HepFault::none;
};

template <typename Sink>
size_t StreamFramer::feed(Bytes arrived, Sink&& sink) {
  Bytes rest = arrived;
  while (!rest.empty()) {
    const size_t held = tail_.size();
    const Bytes packet = next(rest);
    if (packet.empty() && fault_ == HepFault::none) return arrived.size;  // the rest is in the tail now
    if (fault_ != HepFault::none || !sink(packet)) {
      tail_.resize(held);  // what `rest` lent to complete the packet goes back to the caller
      break;
    }
    rest = rest.from(packet.size - held);
    dropTail();
  }
  return arrived.size - rest.size;
}

}  // namespace hepcapd
