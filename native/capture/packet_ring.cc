#include "packet_ring.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <bit>

#include "interface.h"
#include "ring_filter.h"
#include "socket_options.h"

namespace hepcapd {
namespace {

// The kernel hands a block over when it is full or this old.
constexpr unsigned kRetireMs = 60;
constexpr size_t kLargestBlock = 1 << 20;
// Holds the largest frame, 64 KiB and its headers.
constexpr size_t kSmallestBlock = 128 << 10;
constexpr size_t kFewestBlocks = 2;
// Blocks of what is asked for: enough that the kernel always has some to fill while we read one.
constexpr size_t kUsualBlocks = 16;
// TPACKET_V3 packs frames; of this the kernel only wants to know that it fits.
constexpr unsigned kNominalFrame = 2048;

template <typename Value>
void set(int fd, int option, const char* name, const Value& value, const char* cure = "") {
  if (::setsockopt(fd, SOL_PACKET, option, &value, sizeof value) != 0)
    throw OsError(std::string("setsockopt ") + name, errno, cure);
}

size_t blockBytesFor(size_t ringBytes) {
  return std::clamp(std::bit_floor(std::max<size_t>(ringBytes / kUsualBlocks, 1)), kSmallestBlock,
                    kLargestBlock);
}

std::string nameOf(int index) {
  if (index == kEveryInterface) return {};
  std::string name = interfaceName(index);
  if (name.empty()) throw OsError("interface " + std::to_string(index), ENODEV, "see `ip link`");
  return name;
}

// The one word that we share with the kernel: all else of a block is ours or not ours by it.
std::atomic_ref<uint32_t> statusOf(tpacket_block_desc* block) {
  return std::atomic_ref<uint32_t>(block->hdr.bh1.block_status);
}

const sockaddr_ll& linkOf(const uint8_t* header) {
  return *reinterpret_cast<const sockaddr_ll*>(header + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
}

// From the link header on for Ethernet, else from the network header on (see linkTypeOf).
Frame frameAt(const uint8_t* at) {
  const auto& header = *reinterpret_cast<const tpacket3_hdr*>(at);
  Frame frame;
  frame.linkType = linkTypeOf(linkOf(at).sll_hatype);
  frame.timeNs = int64_t(header.tp_sec) * 1'000'000'000 + header.tp_nsec;
  frame.octets = {at + header.tp_mac, size_t(header.tp_snaplen)};
  frame.originalLength = header.tp_len;
  if (frame.linkType != linkTypeOf(ARPHRD_ETHER) && header.tp_net > header.tp_mac) {
    const uint32_t linkHeader = header.tp_net - header.tp_mac;
    frame.octets = frame.octets.from(linkHeader);
    frame.originalLength -= std::min(linkHeader, frame.originalLength);
  }
  return frame;
}

// What is sent there comes back as received. PACKET_IGNORE_OUTGOING spares the ring most of it, but does not
// reach into a fan-out group.
bool comesBack(const uint8_t* at) {
  const sockaddr_ll& link = linkOf(at);
  return link.sll_hatype == ARPHRD_LOOPBACK && link.sll_pkttype == PACKET_OUTGOING;
}

}  // namespace

RingBlock::RingBlock(tpacket_block_desc* block)
    : block_(block),
      at_(reinterpret_cast<const uint8_t*>(block) + block->hdr.bh1.offset_to_first_pkt),
      left_(block->hdr.bh1.num_pkts) {}

RingBlock::~RingBlock() {
  if (block_) statusOf(block_).store(TP_STATUS_KERNEL, std::memory_order_release);
}

uint32_t RingBlock::size() const { return block_->hdr.bh1.num_pkts; }

bool RingBlock::next(Frame& frame) {
  while (left_ > 0) {
    const uint8_t* at = at_;
    at_ += reinterpret_cast<const tpacket3_hdr*>(at)->tp_next_offset;
    left_--;
    if (left_ > 0) __builtin_prefetch(at_);
    if (comesBack(at)) continue;
    frame = frameAt(at);
    return true;
  }
  return false;
}

PacketRing::PacketRing(const RingOptions& options)
    : options_(options), interfaceName_(nameOf(options.interfaceIndex)) {}

PacketRing::~PacketRing() { close(); }

std::unique_ptr<PacketRing> PacketRing::open(const RingOptions& options) {
  std::unique_ptr<PacketRing> ring(new PacketRing(options));
  ring->start();
  return ring;
}

void PacketRing::start() {
  const uint32_t snapLength = std::max<uint32_t>(options_.snapLength, 1);
  Program filter = cutTo(options_.filter, snapLength);
  fd_ = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_) throw rawSocketError(errno);
  attachFilter(fd_.get(), rejectAll());
  makeRing();
  if (interfaceName_.empty()) {
    filter = byHardware(filter, cutTo(options_.rawFilter, snapLength));
  } else if (interfaceNamed(interfaceName_).loopback) {
    set(fd_.get(), PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", 1);
  }
  bindTo(options_.interfaceIndex);
  if (options_.fanoutGroup != kNoFanout) joinFanout();
  if (options_.promiscuous) bePromiscuous();
  attachFilter(fd_.get(), filter);
}

void PacketRing::close() {
  if (memory_) ::munmap(memory_, ringBytes());
  memory_ = nullptr;
  fd_ = Fd();
  // what the kernel did not tell any more was never ours
  stored_ = taken_ = 0;
  nextBlock_ = 0;
}

void PacketRing::makeRing() {
  const char* cure = "ask for a smaller ring with --ring-size, or for fewer threads";
  blockBytes_ = blockBytesFor(options_.ringBytes);
  blocks_ = std::max(options_.ringBytes / blockBytes_, kFewestBlocks);
  if (blocks_ > UINT32_MAX / (blockBytes_ / kNominalFrame)) throw OsError("PACKET_RX_RING", ENOMEM, cure);
  set(fd_.get(), PACKET_VERSION, "PACKET_VERSION", int(TPACKET_V3));
  tpacket_req3 request{};
  request.tp_block_size = unsigned(blockBytes_);
  request.tp_block_nr = unsigned(blocks_);
  request.tp_frame_size = kNominalFrame;
  request.tp_frame_nr = unsigned(blockBytes_ / kNominalFrame * blocks_);
  request.tp_retire_blk_tov = kRetireMs;
  set(fd_.get(), PACKET_RX_RING, "PACKET_RX_RING", request, cure);
  void* memory = ::mmap(nullptr, ringBytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) throw OsError("mmap of the packet ring", errno, cure);
  memory_ = static_cast<uint8_t*>(memory);
}

void PacketRing::bindTo(int index) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw OsError("bind to " + interfaceName_, errno);
}

void PacketRing::joinFanout() {
  const bool fresh = options_.fanoutGroup == kNewFanout;
  uint32_t mode = PACKET_FANOUT_HASH;
  if (options_.fanoutDefragment) mode |= PACKET_FANOUT_FLAG_DEFRAG;
  if (fresh) mode |= PACKET_FANOUT_FLAG_UNIQUEID;
  const uint32_t number = fresh ? 0 : uint16_t(options_.fanoutGroup);
  // EINVAL: older kernels let a socket join only while its interface is up
  set(fd_.get(), PACKET_FANOUT, "PACKET_FANOUT", number | mode << 16,
      "bring the interface up (`ip link set NAME up`), or capture with one thread");
  if (!fresh) return;
  uint32_t granted = 0;
  socklen_t size = sizeof granted;
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_FANOUT, &granted, &size) != 0)
    throw OsError("getsockopt PACKET_FANOUT", errno);
  options_.fanoutGroup = int(granted & 0xffff);
}

// By membership: the kernel counts the members of an interface, and lets ours go with the socket.
void PacketRing::bePromiscuous() {
  packet_mreq membership{};
  membership.mr_type = PACKET_MR_PROMISC;
  if (!interfaceName_.empty()) {
    membership.mr_ifindex = options_.interfaceIndex;
    return set(fd_.get(), PACKET_ADD_MEMBERSHIP, "PACKET_ADD_MEMBERSHIP", membership);
  }
  for (const Interface& one : interfaces()) {
    membership.mr_ifindex = one.index;
    // one of many that went just now, or cannot, keeps nobody from the others
    if (!one.loopback)
      ::setsockopt(fd_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership);
  }
}

RingBlock PacketRing::takeBlock() {
  if (!memory_) return {};
  auto* block = reinterpret_cast<tpacket_block_desc*>(memory_ + nextBlock_ * blockBytes_);
  if (!(statusOf(block).load(std::memory_order_acquire) & TP_STATUS_USER)) return {};
  nextBlock_ = (nextBlock_ + 1) % blocks_;
  RingBlock lease(block);
  taken_ += lease.size();
  return lease;
}

RingBlock PacketRing::nextBlock(int timeoutMs) {
  if (RingBlock block = takeBlock()) return block;
  pollfd wait{fd_.get(), POLLIN, 0};
  ::poll(&wait, 1, timeoutMs);
  return takeBlock();
}

size_t PacketRing::read(FrameSink& sink) {
  RingBlock block = takeBlock();
  if (!block) return 0;
  Frame frame;
  while (block.next(frame)) sink.frame(frame);
  return std::max<size_t>(block.size(), 1);
}

void PacketRing::refuseMore() {
  try {
    if (fd_) attachFilter(fd_.get(), rejectAll());
  } catch (const OsError&) {
    // no memory for one instruction: who drains us has a bound in time
  }
}

// PACKET_STATISTICS forgets what it told. Its packets are those for which there was room and those for which
// there was none.
void PacketRing::readStatistics() {
  tpacket_stats_v3 news{};
  socklen_t size = sizeof news;
  if (!fd_ || ::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &news, &size) != 0) return;
  stored_ += news.tp_packets - news.tp_drops;
  drops_ += news.tp_drops;
}

uint64_t PacketRing::pending() {
  readStatistics();
  return stored_ > taken_ ? stored_ - taken_ : 0;
}

uint64_t PacketRing::newDrops() {
  readStatistics();
  return std::exchange(drops_, 0);
}

LinkState PacketRing::link() {
  if (!fd_) return LinkState::gone;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (interfaceName_.empty()) return LinkState::up;
  // The kernel unbinds from an interface that it removes, and says -1 from then on.
  sockaddr_ll name{};
  size = sizeof name;
  ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&name), &size);
  if (name.sll_ifindex != options_.interfaceIndex) return LinkState::gone;
  return isUp(name.sll_ifindex) ? LinkState::up : LinkState::down;
}

// The old socket goes first: while it is a member, no other interface can join its fan-out group.
bool PacketRing::reopen() {
  readStatistics();
  close();
  if (::if_nametoindex(interfaceName_.c_str()) == 0) return false;
  try {
    options_.interfaceIndex = interfaceNamed(interfaceName_).index;
    start();
    return true;
  } catch (const OsError&) {
    close();
    return false;
  }
}

}  // namespace hepcapd
