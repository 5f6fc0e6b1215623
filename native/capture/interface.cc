#include "interface.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "../base/fd.h"

namespace hepcapd {
namespace {

// LINKTYPE_ numbers of the pcap registry
constexpr uint32_t kEthernet = 1;
constexpr uint32_t kRaw = 101;

// Any socket answers questions about interfaces; this one needs no privilege and no IPv4.
Fd questionSocket() {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw OsError("socket", errno);
  return fd;
}

// Nothing for an interface that went between its listing and now.
std::optional<Interface> describe(int fd, int index, const std::string& name) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), size_t(IFNAMSIZ - 1)));
  if (::ioctl(fd, SIOCGIFFLAGS, &request) != 0) return {};
  const unsigned flags = uint16_t(request.ifr_flags);
  if (::ioctl(fd, SIOCGIFHWADDR, &request) != 0) return {};
  return Interface{index, name, (flags & IFF_UP) != 0, (flags & IFF_LOOPBACK) != 0,
                   request.ifr_hwaddr.sa_family};
}

OsError unknownInterface(const std::string& name) {
  std::string known;
  for (const Interface& one : interfaces()) known += (known.empty() ? "" : ", ") + one.name;
  return OsError("interface " + name, ENODEV, "the interfaces here are: " + known);
}

}  // namespace

uint32_t linkTypeOf(uint16_t hardware) {
  return hardware == ARPHRD_ETHER || hardware == ARPHRD_LOOPBACK ? kEthernet : kRaw;
}

uint32_t Interface::linkType() const { return linkTypeOf(hardware); }

std::vector<Interface> interfaces() {
  const std::unique_ptr<struct if_nameindex, decltype(&::if_freenameindex)> names(::if_nameindex(),
                                                                                  ::if_freenameindex);
  if (!names) throw OsError("if_nameindex", errno);
  const Fd fd = questionSocket();
  std::vector<Interface> all;
  for (const struct if_nameindex* at = names.get(); at->if_name; at++) {
    if (auto one = describe(fd.get(), int(at->if_index), at->if_name)) all.push_back(std::move(*one));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  return all;
}

Interface interfaceNamed(const std::string& name) {
  // A longer name would be cut by the kernel interface, and another interface taken for it.
  if (name.size() < IFNAMSIZ) {
    if (const unsigned index = ::if_nametoindex(name.c_str())) {
      if (auto one = describe(questionSocket().get(), int(index), name)) return *one;
    }
  }
  throw unknownInterface(name);
}

std::string interfaceName(int index) {
  char name[IF_NAMESIZE];
  return index > 0 && ::if_indextoname(unsigned(index), name) ? name : "";
}

bool isUp(int index) {
  const std::string name = interfaceName(index);
  const auto one = name.empty() ? std::nullopt : describe(questionSocket().get(), index, name);
  return one && one->up;
}

OsError rawSocketError(int error) {
  std::string cure;
  if (error == EPERM || error == EACCES) {
    cure =
        "raw capture needs CAP_NET_RAW: run as root, give the unit AmbientCapabilities=CAP_NET_RAW, or "
        "`setcap cap_net_raw+ep` on the node executable";
  }
  return OsError("socket", error, cure);
}

}  // namespace hepcapd
