#include "interface_state.h"

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "../base/fd.h"

namespace hepcapd {
namespace {

// Of one ring that is made and gone again.
constexpr unsigned kBlockBytes = 128 << 10;
constexpr unsigned kFrameBytes = 2048;

ifreq requestFor(const std::string& name) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), size_t(IFNAMSIZ - 1)));
  return request;
}

bool askEthtool(int fd, const std::string& name, void* question) {
  ifreq request = requestFor(name);
  request.ifr_data = static_cast<char*>(question);
  return ::ioctl(fd, SIOCETHTOOL, &request) == 0;
}

// Room for one of ethtool's structures that end in an array.
template <typename Head>
class Question {
 public:
  explicit Question(size_t octetsBehind) : room_((sizeof(Head) + octetsBehind + 7) / 8) {}
  Head* operator->() { return reinterpret_cast<Head*>(room_.data()); }
  void* get() { return room_.data(); }
  template <typename Item>
  const Item* behind() const {
    return reinterpret_cast<const Item*>(reinterpret_cast<const uint8_t*>(room_.data()) + sizeof(Head));
  }

 private:
  std::vector<uint64_t> room_;
};

unsigned featureCount(int fd, const std::string& name) {
  Question<ethtool_sset_info> question(sizeof(uint32_t));
  question->cmd = ETHTOOL_GSSET_INFO;
  question->sset_mask = uint64_t(1) << ETH_SS_FEATURES;
  if (!askEthtool(fd, name, question.get()) || question->sset_mask == 0) return 0;
  return *question.behind<uint32_t>();
}

std::vector<std::string> activeFeatures(int fd, const std::string& name) {
  const unsigned count = featureCount(fd, name);
  const unsigned words = (count + 31) / 32;
  if (count == 0) return {};
  Question<ethtool_gstrings> names(size_t(count) * ETH_GSTRING_LEN);
  names->cmd = ETHTOOL_GSTRINGS;
  names->string_set = ETH_SS_FEATURES;
  names->len = count;
  Question<ethtool_gfeatures> bits(words * sizeof(ethtool_get_features_block));
  bits->cmd = ETHTOOL_GFEATURES;
  bits->size = words;
  if (!askEthtool(fd, name, names.get()) || !askEthtool(fd, name, bits.get())) return {};
  std::vector<std::string> active;
  for (unsigned at = 0; at < std::min<unsigned>(count, names->len); at++) {
    if (!(bits.behind<ethtool_get_features_block>()[at / 32].active >> (at % 32) & 1)) continue;
    const char* text = names.behind<char>() + size_t(at) * ETH_GSTRING_LEN;
    active.emplace_back(text, ::strnlen(text, ETH_GSTRING_LEN));
  }
  return active;
}

template <typename Value>
int errorOf(int fd, int option, const Value& value) {
  return ::setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0 ? 0 : errno;
}

int tryRing(int fd) {
  tpacket_req3 request{};
  request.tp_block_size = kBlockBytes;
  request.tp_block_nr = 2;
  request.tp_frame_size = kFrameBytes;
  request.tp_frame_nr = kBlockBytes / kFrameBytes * 2;
  return errorOf(fd, PACKET_RX_RING, request);
}

// A socket has to be of a protocol to join a group; one for the loopback interface sees only what is there
// for as long as it lives, and reads nothing.
int tryFanout() {
  const unsigned loopback = ::if_nametoindex("lo");
  const Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd || loopback == 0) return 0;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = int(loopback);
  address.sll_protocol = 0xffff;  // no frame has it
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 0;
  const int error =
      errorOf(fd.get(), PACKET_FANOUT, uint32_t(PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_UNIQUEID) << 16);
  return error == ENETDOWN ? 0 : error;
}

int tryOverflow() {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd) return 0;
  return ::setsockopt(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on) == 0 ? 0 : errno;
}

}  // namespace

InterfaceState interfaceState(const std::string& name) {
  InterfaceState state;
  state.interface = interfaceNamed(name);
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw OsError("socket", errno);
  ifreq request = requestFor(name);
  if (::ioctl(fd.get(), SIOCGIFFLAGS, &request) == 0) {
    const unsigned flags = uint16_t(request.ifr_flags);
    state.carrier = (flags & IFF_RUNNING) != 0;
    state.promiscuous = (flags & IFF_PROMISC) != 0;
  }
  request = requestFor(name);
  if (::ioctl(fd.get(), SIOCGIFMTU, &request) == 0) state.mtu = request.ifr_mtu;
  state.features = activeFeatures(fd.get(), name);
  return state;
}

PacketSocketState packetSocketState() {
  PacketSocketState state;
  state.overflow = tryOverflow();
  const Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd) {
    state.socket = errno;
    return state;
  }
  state.version = errorOf(fd.get(), PACKET_VERSION, int(TPACKET_V3));
  state.ring = state.version == 0 ? tryRing(fd.get()) : 0;
  state.fanout = tryFanout();
  return state;
}

}  // namespace hepcapd
