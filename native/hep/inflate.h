// Inflates the payload of a chunk 0x0010 into room that the caller has set aside, and never beyond it. What
// the sender says about the size (the gzip trailer) is not looked at before the octets are there.
#pragma once

#include <cstdint>
#include <memory>

#include "../base/bytes.h"

namespace hepcapd {

enum class InflateResult : uint8_t {
  ok,
  corrupt,   // not gzip, zlib or deflate, cut short, or failing its checksum
  tooLarge,  // good as far as it was read, but it does not fit
};

struct Inflated {
  InflateResult result;
  size_t size;  // octets of the target that count; 0 unless ok
};

// Keeps zlib's state from one payload to the next, so that none is allocated per packet: one for each
// thread that parses, used by one thread at a time.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // gzip or zlib by its header, else raw deflate. Whatever the result, all `capacity` octets at `target` may
  // have been written. Throws std::bad_alloc when zlib gets no memory.
  Inflated inflate(Bytes compressed, uint8_t* target, size_t capacity);

 private:
  struct Stream;
  std::unique_ptr<Stream> wrapped_;  // gzip and zlib; made when first needed
  std::unique_ptr<Stream> raw_;
};

}  // namespace hepcapd
