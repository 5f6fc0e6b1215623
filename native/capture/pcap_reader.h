// Capture files as a stage: file -> frames. Classic pcap and pcapng, told apart by their first octets.
//
// Classic pcap: microseconds, nanoseconds, and the variant with longer record headers (0xa1b2cd34), each in
// either byte order. pcapng: every section has its byte order, every interface its link type and clock;
// blocks that hold no packet are passed over.
// A reader never believes a length: see FileWindow, and kLargestRecord.
//
//     classic:  magic 4 | version 2+2 | zone 4 | accuracy 4 | snaplen 4 | link type 4
//     record:   seconds 4 | fraction 4 | captured 4 | original 4 | [8 more in the variant] | octets
//     pcapng:   type 4 | total 4 | body, padded to 4 | total 4
#pragma once

#include <string>
#include <vector>

#include "file_window.h"
#include "frame.h"

namespace hepcapd {

inline constexpr size_t kLargestRecord = 16 << 20;  // libpcap's limit for a block

enum class ReadState : uint8_t {
  frame,       // here is one
  end,         // the file is over, at the end of a record
  truncated,   // the file ends inside of a record: a warning, all frames before it are good
  damaged,     // a record that cannot be: nothing behind it can be found
  notCapture,  // neither pcap nor pcapng
  count
};
const char* stateName(ReadState state);  // "frame", "end", "truncated", "damaged", "not_capture"

class PcapReader {
 public:
  explicit PcapReader(Fd file, FileWindow::Gate gate = {}) : window_(std::move(file), std::move(gate)) {}
  // "-" is standard input. Throws OsError.
  static PcapReader open(const std::string& path, FileWindow::Gate gate = {});

  // The next frame; its octets are valid until the next call. Any other state than `frame` is the last one:
  // further calls repeat it. Throws OsError when the file cannot be read on.
  ReadState next(Frame& frame);

  // Of a file that is no capture: so many of its first octets, or all that it has. Valid until it is asked
  // for more. Throws OsError.
  Bytes beginning(size_t most) {
    window_.hold(most);
    return window_.held().first(most);
  }

  // True when next() can answer from what was read already. Before it is called on a pipe without that,
  // hand on what you have.
  bool ready() const;
  // Octets of the file up to the end of the frame that next() gave.
  uint64_t position() const { return window_.passed(); }

 private:
  struct Interface {
    uint32_t linkType;
    uint32_t snapLength;  // 0 is no limit
    uint64_t ticksPerSecond;
    int64_t offsetSeconds;
  };

  ReadState start();
  ReadState startClassic();
  ReadState nextClassic(Frame& frame);
  ReadState nextBlock(Frame& frame);
  ReadState enterSection();
  ReadState readBlock(uint32_t type, size_t total, Frame& frame);
  bool addInterface(Bytes body);
  ReadState readPacket(Bytes body, uint32_t interface, Frame& frame);
  ReadState readSimplePacket(Bytes body, Frame& frame);
  ReadState cutShort() const { return window_.held().empty() ? ReadState::end : ReadState::truncated; }

  uint16_t u16(const uint8_t* at) const { return bigEndian_ ? readU16(at) : readU16Little(at); }
  uint32_t u32(const uint8_t* at) const { return bigEndian_ ? readU32(at) : readU32Little(at); }

  FileWindow window_;
  ReadState state_ = ReadState::frame;  // anything else is final
  bool started_ = false;
  bool blocks_ = false;  // pcapng
  bool bigEndian_ = false;
  // Of a classic file:
  uint32_t linkType_ = 0;
  uint32_t fractionNs_ = 0;
  size_t recordHeaderBytes_ = 0;
  // Of the section of a pcapng file:
  std::vector<Interface> interfaces_;
};

}  // namespace hepcapd
