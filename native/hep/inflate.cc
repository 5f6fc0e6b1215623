// Of zlib only inflateInit2, inflate, inflateReset and inflateEnd are called: in the addon these come out of
// the node binary itself, which exports them.
#include "inflate.h"

#include <zlib.h>

#include <algorithm>
#include <climits>
#include <new>

namespace hepcapd {
namespace {

constexpr int kWrappedBits = 15 + 32;  // largest window; + 32: gzip or zlib, told apart by the header
constexpr int kRawBits = -15;

bool gzipHeader(Bytes octets) { return octets.size >= 2 && octets[0] == 0x1f && octets[1] == 0x8b; }

// RFC 1950 2.2: method 8, a window of at most 32 KiB, and both octets together a multiple of 31.
bool zlibHeader(Bytes octets) {
  return octets.size >= 2 && (octets[0] & 0x0f) == 8 && octets[0] >> 4 <= 7 && readU16(octets.data) % 31 == 0;
}

uInt clamped(size_t count) { return uInt(std::min<size_t>(count, UINT_MAX)); }

}  // namespace

struct Inflater::Stream {
  z_stream z{};

  explicit Stream(int windowBits) {
    if (inflateInit2(&z, windowBits) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Bytes unread() const { return {z.next_in, size_t{z.avail_in}}; }

  void start(Bytes compressed, uint8_t* target, size_t capacity) {
    z.next_in = const_cast<Bytef*>(compressed.data);  // zlib's own type for what it only reads
    z.avail_in = clamped(compressed.size);
    z.next_out = target;
    z.avail_out = clamped(capacity);
  }

  // RFC 1952 2.2: a gzip file is one member after another. What follows and is no member is ignored.
  int runMembers() {
    int status;
    do {
      inflateReset(&z);
      status = ::inflate(&z, Z_FINISH);
    } while (status == Z_STREAM_END && gzipHeader(unread()));
    return status;
  }
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

Inflated Inflater::inflate(Bytes compressed, uint8_t* target, size_t capacity) {
  const bool wrapped = gzipHeader(compressed) || zlibHeader(compressed);
  std::unique_ptr<Stream>& stream = wrapped ? wrapped_ : raw_;
  if (!stream) stream = std::make_unique<Stream>(wrapped ? kWrappedBits : kRawBits);

  uint8_t nowhere;  // zlib refuses a null target even where there is nothing to write
  stream->start(compressed, capacity == 0 ? &nowhere : target, capacity);
  const int status = stream->runMembers();
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  if (status == Z_BUF_ERROR && stream->z.avail_out == 0) return {InflateResult::tooLarge, 0};
  // Raw deflate has no checksum, so at least it must end where the payload ends.
  const bool whole = status == Z_STREAM_END && (wrapped || stream->unread().empty());
  if (!whole) return {InflateResult::corrupt, 0};
  return {InflateResult::ok, size_t(stream->z.next_out - (capacity == 0 ? &nowhere : target))};
}

}  // namespace hepcapd
