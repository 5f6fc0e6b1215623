// The two ends of raw capture: what frames come from, and who takes them. Both belong to one thread at a
// time.
#pragma once

#include <array>
#include <functional>

#include "frame.h"

namespace hepcapd {

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // Does not wait, unless draining() allows it: where there is no room, the sink drops and counts.
  virtual void frame(const Frame& frame) = 0;
  // There is no frame just now: what waits for company need not wait longer. Live inputs call it after each
  // block or run of frames too, and a few times a second while none come.
  virtual void idle() = 0;
  // Frames that the kernel had no room for.
  virtual void kernelDropped(uint64_t frames) = 0;
  // For as long as `mayWait` holds, the frames that follow wait for room and are not dropped: those of a
  // file, and those that a live input had received when it was stopped. To be asked anew each time.
  virtual void draining(std::function<bool()> mayWait) = 0;
  // After the last frame, while the input has not ended yet.
  virtual void finish() {}
};

// down: no frames until the link comes back, and nothing to do about it. gone: the interface was removed.
enum class LinkState : uint8_t { up, down, gone };

// What live frames come from: a packet ring, or IPIP sockets. Driven by the thread of a RawInput.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  // Hands on one block or run of what is there, without waiting. 0 when nothing is.
  virtual size_t read(FrameSink& sink) = 0;
  // From here on the kernel takes in no more frames for us; those that it holds stay.
  virtual void refuseMore() = 0;
  // Frames that the kernel holds and that read() has not handed on, as far as it tells.
  virtual uint64_t pending() = 0;
  // What the kernel dropped for want of room since the last call.
  virtual uint64_t newDrops() = 0;
  // Asks the kernel, and takes the error away that a link going down leaves on the socket.
  virtual LinkState link() = 0;
  // After `gone`: true when an interface of that name is there again and is captured from.
  virtual bool reopen() = 0;
  // To be polled for reading; -1 is none.
  virtual std::array<int, 2> descriptors() const = 0;
};

}  // namespace hepcapd
