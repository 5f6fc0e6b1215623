#include "pcap_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <limits>

namespace hepcapd {
namespace {

constexpr size_t kClassicHeaderBytes = 24;
constexpr size_t kRecordHeaderBytes = 16;
constexpr size_t kLongRecordHeaderBytes = 24;  // plus interface index, protocol, packet type
constexpr uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr uint32_t kNanoseconds = 0xa1b23c4d;
constexpr uint32_t kLongRecords = 0xa1b2cd34;
// The six bits above say how long the frame check sequence is, which the IP length hides from us anyway.
constexpr uint32_t kLinkTypeMask = 0x03ffffff;

constexpr uint32_t kSectionBlock = 0x0a0d0d0a;  // reads the same in both byte orders
constexpr uint32_t kByteOrder = 0x1a2b3c4d;
constexpr uint32_t kInterfaceBlock = 1;
constexpr uint32_t kOldPacketBlock = 2;
constexpr uint32_t kSimplePacketBlock = 3;
constexpr uint32_t kPacketBlock = 6;
constexpr size_t kBlockFrameBytes = 12;  // type, total, and total once more at the end
constexpr size_t kSmallestSection = 28;
constexpr uint16_t kOptionTsResol = 9;
constexpr uint16_t kOptionTsOffset = 14;
constexpr size_t kMostInterfaces = 65536;

constexpr int64_t kNsPerSecond = 1'000'000'000;

bool isClassicMagic(uint32_t magic) {
  return magic == kMicroseconds || magic == kNanoseconds || magic == kLongRecords;
}

// if_tsresol: a power of ten, or of two when the top bit is set. 0 when 64 bits cannot count it.
uint64_t ticksPerSecond(uint8_t resolution) {
  const unsigned exponent = resolution & 0x7f;
  if (resolution & 0x80) return exponent < 64 ? uint64_t(1) << exponent : 0;
  if (exponent > 19) return 0;
  uint64_t ticks = 1;
  for (unsigned i = 0; i < exponent; i++) ticks *= 10;
  return ticks;
}

// Nanoseconds since the epoch, or 0 for a time that they cannot count.
int64_t toNs(uint64_t ticks, uint64_t ticksPerSecond, int64_t offsetSeconds) {
  using Wide = __int128;
  const Wide ns = Wide(ticks) * kNsPerSecond / ticksPerSecond + Wide(offsetSeconds) * kNsPerSecond;
  const bool fits = ns > 0 && ns <= std::numeric_limits<int64_t>::max();
  return fits ? int64_t(ns) : 0;
}

}  // namespace

const char* stateName(ReadState state) {
  static constexpr const char* names[] = {"frame", "end", "truncated", "damaged", "not_capture"};
  static_assert(std::size(names) == size_t(ReadState::count));
  return names[size_t(state)];
}

PcapReader PcapReader::open(const std::string& path, FileWindow::Gate gate) {
  if (path == "-") {
    Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!input) throw OsError("read standard input", errno, "redirect a capture file into it");
    return PcapReader(std::move(input), std::move(gate));
  }
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw OsError("open", errno, "name a capture file that this user may read");
  return PcapReader(std::move(file), std::move(gate));
}

ReadState PcapReader::next(Frame& frame) {
  if (!started_ && state_ == ReadState::frame) state_ = start();
  if (state_ == ReadState::frame) state_ = blocks_ ? nextBlock(frame) : nextClassic(frame);
  return state_;
}

bool PcapReader::ready() const {
  if (state_ != ReadState::frame) return true;
  const Bytes held = window_.held();
  if (!started_) return false;
  if (blocks_) return held.size >= kBlockFrameBytes && held.size >= u32(held.data + 4);
  return held.size >= recordHeaderBytes_ && held.size - recordHeaderBytes_ >= u32(held.data + 8);
}

ReadState PcapReader::start() {
  if (!window_.hold(4)) return ReadState::notCapture;
  const uint8_t* magic = window_.held().data;
  started_ = true;
  if (readU32(magic) == kSectionBlock) {
    blocks_ = true;
    return ReadState::frame;
  }
  bigEndian_ = isClassicMagic(readU32(magic));
  return isClassicMagic(u32(magic)) ? startClassic() : ReadState::notCapture;
}

ReadState PcapReader::startClassic() {
  if (!window_.hold(kClassicHeaderBytes)) return ReadState::truncated;
  const uint8_t* header = window_.held().data;
  const uint32_t magic = u32(header);
  if (u16(header + 4) != 2) return ReadState::notCapture;
  linkType_ = u32(header + 20) & kLinkTypeMask;
  fractionNs_ = magic == kNanoseconds ? 1 : 1000;
  recordHeaderBytes_ = magic == kLongRecords ? kLongRecordHeaderBytes : kRecordHeaderBytes;
  window_.pass(kClassicHeaderBytes);
  return ReadState::frame;
}

ReadState PcapReader::nextClassic(Frame& frame) {
  if (!window_.hold(recordHeaderBytes_)) return cutShort();
  const uint32_t captured = u32(window_.held().data + 8);
  if (captured > kLargestRecord) return ReadState::damaged;
  if (!window_.hold(recordHeaderBytes_ + captured)) return ReadState::truncated;
  const uint8_t* record = window_.held().data;
  frame.linkType = linkType_;
  frame.timeNs = int64_t(u32(record)) * kNsPerSecond + int64_t(u32(record + 4)) * fractionNs_;
  frame.octets = {record + recordHeaderBytes_, size_t(captured)};
  frame.originalLength = u32(record + 12);
  window_.pass(recordHeaderBytes_ + captured);
  return ReadState::frame;
}

// Goes over blocks until one holds a packet.
ReadState PcapReader::nextBlock(Frame& frame) {
  for (;;) {
    frame.octets = {};
    if (!window_.hold(kBlockFrameBytes)) return cutShort();
    const bool section = readU32(window_.held().data) == kSectionBlock;
    if (section && enterSection() != ReadState::frame) return ReadState::damaged;
    const uint32_t type = u32(window_.held().data);
    const uint32_t total = u32(window_.held().data + 4);
    if (total < kBlockFrameBytes || total % 4 != 0) return ReadState::damaged;
    const ReadState state = readBlock(type, total, frame);
    if (state != ReadState::frame || frame.octets.data != nullptr) return state;
  }
}

// The third word of a section header tells the byte order of all that follows, its own length included.
ReadState PcapReader::enterSection() {
  const uint8_t* order = window_.held().data + 8;
  bigEndian_ = readU32(order) == kByteOrder;
  interfaces_.clear();
  return u32(order) == kByteOrder ? ReadState::frame : ReadState::damaged;
}

// Leaves frame.octets null for a block without a packet.
ReadState PcapReader::readBlock(uint32_t type, size_t total, Frame& frame) {
  const bool wanted = type == kInterfaceBlock || type == kOldPacketBlock || type == kSimplePacketBlock ||
                      type == kPacketBlock || type == kSectionBlock;
  if (!wanted) return window_.skip(total) ? ReadState::frame : ReadState::truncated;
  if (total > kLargestRecord) return ReadState::damaged;
  if (!window_.hold(total)) return ReadState::truncated;
  const uint8_t* block = window_.held().data;
  if (u32(block + total - 4) != total) return ReadState::damaged;
  window_.pass(total);
  const Bytes body{block + 8, total - kBlockFrameBytes};
  switch (type) {
    case kInterfaceBlock:
      return addInterface(body) ? ReadState::frame : ReadState::damaged;
    case kSimplePacketBlock:
      return readSimplePacket(body, frame);
    case kPacketBlock:
      return body.size < 20 ? ReadState::damaged : readPacket(body, u32(body.data), frame);
    case kOldPacketBlock:
      return body.size < 20 ? ReadState::damaged : readPacket(body, u16(body.data), frame);
    default:
      return total >= kSmallestSection && u16(body.data + 4) == 1 ? ReadState::frame : ReadState::damaged;
  }
}

// link type 2 | reserved 2 | snaplen 4 | options: code 2, length 2, value padded to 4
bool PcapReader::addInterface(Bytes body) {
  if (body.size < 8 || interfaces_.size() >= kMostInterfaces) return false;
  Interface interface { u16(body.data), u32(body.data + 4), 1'000'000, 0 };
  for (Bytes options = body.from(8); options.size >= 4;) {
    const uint16_t code = u16(options.data);
    const uint16_t length = u16(options.data + 2);
    const uint8_t* value = options.data + 4;
    if (code == 0 || options.size - 4 < length) break;
    if (code == kOptionTsResol && length == 1) interface.ticksPerSecond = ticksPerSecond(*value);
    if (code == kOptionTsOffset && length == 8) {
      const uint64_t first = u32(value), second = u32(value + 4);
      interface.offsetSeconds = int64_t(bigEndian_ ? first << 32 | second : second << 32 | first);
    }
    options = options.from(4 + (length + 3u) / 4 * 4);
  }
  interfaces_.push_back(interface);
  return interface.ticksPerSecond != 0;
}

// interface 4 (in the old block: 2, and 2 for drops) | time, high word first, 8 | captured 4 | original 4
ReadState PcapReader::readPacket(Bytes body, uint32_t interface, Frame& frame) {
  const uint32_t captured = u32(body.data + 12);
  if (interface >= interfaces_.size() || captured > body.size - 20) return ReadState::damaged;
  const Interface& from = interfaces_[interface];
  const uint64_t ticks = uint64_t(u32(body.data + 4)) << 32 | u32(body.data + 8);
  frame.linkType = from.linkType;
  frame.timeNs = toNs(ticks, from.ticksPerSecond, from.offsetSeconds);
  frame.octets = {body.data + 20, size_t(captured)};
  frame.originalLength = u32(body.data + 16);
  return ReadState::frame;
}

// original 4 | octets, as many of them as the snaplen of the first interface lets through; no time
ReadState PcapReader::readSimplePacket(Bytes body, Frame& frame) {
  if (body.size < 4 || interfaces_.empty()) return ReadState::damaged;
  const Interface& from = interfaces_.front();
  frame.originalLength = u32(body.data);
  const uint32_t limit = from.snapLength == 0 ? UINT32_MAX : from.snapLength;
  const uint32_t captured = std::min(frame.originalLength, limit);
  if (captured > body.size - 4) return ReadState::damaged;
  frame.linkType = from.linkType;
  frame.timeNs = 0;
  frame.octets = {body.data + 4, size_t(captured)};
  return ReadState::frame;
}

}  // namespace hepcapd
