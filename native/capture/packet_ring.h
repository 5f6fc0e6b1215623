// A mirror port: a packet socket whose frames the kernel writes into a ring that we map (packet(7),
// TPACKET_V3 in the kernel's networking/packet_mmap).
//
// Nothing arrives half-configured. The socket is made for no protocol, so it receives nothing until it is
// bound; it is bound under a filter that refuses everything, since until it has joined its fan-out group it
// would be given the frames of the others too; the wanted filter comes last, in place of that one.
//
//     | block | block | block | ...   status, frame count; then frames: tpacket3_hdr | sockaddr_ll | octets
//       ^ ours until given back   ^ the kernel's
//
// Frames are as they lie in the ring. Of a VLAN tag that the driver took off nothing is restored: no decoder
// needs it. Frames that this host sends are captured too, but on a loopback interface, where each comes back.
// With every interface, a frame is seen once for each it passes: a bridge and its port, a VLAN and its
// parent.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "../base/fd.h"
#include "../bpf/program.h"
#include "frame_source.h"

struct tpacket_block_desc;

namespace hepcapd {

inline constexpr int kEveryInterface = 0;
inline constexpr int kNoFanout = -1;
inline constexpr int kNewFanout = -2;  // one that nobody has: see PacketRing::fanoutGroup()

struct RingOptions {
  int interfaceIndex = kEveryInterface;
  size_t ringBytes = 64 << 20;
  uint32_t snapLength = 65535;  // octets of a frame that are kept
  bool promiscuous = true;      // for as long as the ring lives; not for interfaces that come later
  // For the interface's link type (Interface::linkType); with every interface, for Ethernet, and `rawFilter`
  // for those without an Ethernet header. Empty lets everything pass.
  Program filter;
  Program rawFilter;
  // 0..65535: rings of one number share the frames of an interface, each flow to one of them. Never with
  // rollover to another ring: a stream or the fragments of a packet are of use only where the rest is.
  int fanoutGroup = kNoFanout;
  bool fanoutDefragment = true;  // IPv4 fragments are put together before flows are told apart
};

// A lease of one block: its destructor gives it back to the kernel. Must not outlive its ring.
class RingBlock {
 public:
  RingBlock() = default;
  explicit RingBlock(tpacket_block_desc* block);
  RingBlock(RingBlock&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), at_(other.at_), left_(other.left_) {}
  RingBlock& operator=(RingBlock&& other) noexcept {
    std::swap(block_, other.block_);
    at_ = other.at_;
    left_ = other.left_;
    return *this;
  }
  ~RingBlock();

  explicit operator bool() const { return block_ != nullptr; }
  // Of all its frames, those that next() passes over included.
  uint32_t size() const;
  // The next frame; its octets are valid for as long as the block is ours. False after the last.
  bool next(Frame& frame);

 private:
  tpacket_block_desc* block_ = nullptr;
  const uint8_t* at_ = nullptr;
  uint32_t left_ = 0;
};

class PacketRing : public FrameSource {
 public:
  // Throws OsError.
  static std::unique_ptr<PacketRing> open(const RingOptions& options);
  ~PacketRing() override;
  PacketRing(const PacketRing&) = delete;
  PacketRing& operator=(const PacketRing&) = delete;

  // Waits for a block for so long, or until the link goes down; none then.
  RingBlock nextBlock(int timeoutMs);

  size_t ringBytes() const { return blockBytes_ * blocks_; }  // what it really has
  int fanoutGroup() const { return options_.fanoutGroup; }    // kNewFanout has become a number

  size_t read(FrameSink& sink) override;
  void refuseMore() override;
  uint64_t pending() override;
  uint64_t newDrops() override;
  LinkState link() override;
  bool reopen() override;
  std::array<int, 2> descriptors() const override { return {fd_.get(), -1}; }

 private:
  explicit PacketRing(const RingOptions& options);
  void start();
  void close();
  void makeRing();
  void bindTo(int index);
  void joinFanout();
  void bePromiscuous();
  RingBlock takeBlock();
  void readStatistics();

  RingOptions options_;
  const std::string interfaceName_;  // "" is every interface
  Fd fd_;
  uint8_t* memory_ = nullptr;
  size_t blockBytes_ = 0;
  size_t blocks_ = 0;
  size_t nextBlock_ = 0;
  uint64_t stored_ = 0;  // frames that the kernel put into the ring, as far as it told
  uint64_t taken_ = 0;   // frames of the blocks that were leased
  uint64_t drops_ = 0;   // not handed out by newDrops() yet
};

}  // namespace hepcapd
