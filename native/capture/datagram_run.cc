#include "datagram_run.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/time.h>

#include <new>

#include "receive_thread.h"

namespace hepcapd {
namespace {

constexpr size_t kLargestDatagram = 65536;
// A datagram's place in the staging memory: the largest one, and so much more that the places of a run do
// not all fall on the same cache sets.
constexpr size_t kPlaceBytes = kLargestDatagram + 1088;
constexpr size_t kControlBytes = 128;

Address addressOf(const in_addr& v4) { return Address::ipv4(reinterpret_cast<const uint8_t*>(&v4)); }
Address addressOf(const in6_addr& v6) {
  const uint8_t* octets = v6.s6_addr;
  return IN6_IS_ADDR_V4MAPPED(&v6) ? Address::ipv4(octets + 12) : Address::ipv6(octets);
}

template <typename T>
T controlOf(const cmsghdr* control) {
  T value;
  std::memcpy(&value, CMSG_DATA(control), sizeof value);
  return value;
}

}  // namespace

Endpoint endpointOf(const sockaddr_storage& name) {
  if (name.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(name);
    return {addressOf(v4.sin_addr), ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(name);
  return {addressOf(v6.sin6_addr), ntohs(v6.sin6_port)};
}

struct DatagramRun::Headers {
  iovec parts[kRunLength];
  mmsghdr messages[kRunLength];
  sockaddr_storage names[kRunLength];
  alignas(cmsghdr) uint8_t controls[kRunLength][kControlBytes];
};

DatagramRun::DatagramRun() : headers_(std::make_unique<Headers>()) {
  places_ = static_cast<uint8_t*>(::mmap(nullptr, kPlaceBytes * kRunLength, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (places_ == MAP_FAILED) throw std::bad_alloc();
  for (unsigned i = 0; i < kRunLength; i++) {
    headers_->parts[i] = {places_ + i * kPlaceBytes, kLargestDatagram};
    msghdr& header = headers_->messages[i].msg_hdr;
    header.msg_iov = &headers_->parts[i];
    header.msg_iovlen = 1;
    header.msg_name = &headers_->names[i];
    header.msg_control = headers_->controls[i];
  }
}

DatagramRun::~DatagramRun() { ::munmap(places_, kPlaceBytes * kRunLength); }

unsigned DatagramRun::read(int fd) {
  for (auto& message : headers_->messages) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = kControlBytes;
  }
  const int count = ::recvmmsg(fd, headers_->messages, kRunLength, MSG_DONTWAIT, nullptr);
  return count > 0 ? unsigned(count) : 0;
}

Bytes DatagramRun::packet(unsigned i) const {
  return {places_ + i * kPlaceBytes, size_t(headers_->messages[i].msg_len)};
}

const sockaddr_storage& DatagramRun::sender(unsigned i) const { return headers_->names[i]; }

DatagramRun::Stamp DatagramRun::stamp(unsigned i) const {
  Stamp stamp{0, {}};
  msghdr header = headers_->messages[i].msg_hdr;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SO_TIMESTAMPNS) {
      const auto time = controlOf<timespec>(c);
      stamp.timeNs = int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
    } else if (c->cmsg_type == SO_RXQ_OVFL) {
      stamp.drops = controlOf<uint32_t>(c);
    }
  }
  if (stamp.timeNs == 0) stamp.timeNs = wallClockNs();
  return stamp;
}

std::optional<Address> DatagramRun::destination(unsigned i) const {
  msghdr header = headers_->messages[i].msg_hdr;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      return addressOf(controlOf<in_pktinfo>(c).ipi_addr);
    }
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      return addressOf(controlOf<in6_pktinfo>(c).ipi6_addr);
    }
  }
  return {};
}

uint32_t DropCount::riseOf(int fd) {
  uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof memory;
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) return 0;
  return rise(memory[SK_MEMINFO_DROPS]);
}

}  // namespace hepcapd
