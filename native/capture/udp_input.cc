#include "udp_input.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <ctime>
#include <optional>

namespace hepcapd {
namespace {

constexpr unsigned kRunLength = 64;
// A datagram's place in the staging memory: the largest one, and so much more that the places of a run do
// not all fall on the same cache sets.
constexpr size_t kPlaceBytes = 65536 + 1088;
constexpr size_t kControlBytes = 128;
constexpr long kNapNs = 300'000;
constexpr uint32_t kWaitSliceMs = 50;
constexpr int kNice = -10;

int64_t wallClockUs() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

void nap() {
  const timespec time{0, kNapNs};
  ::nanosleep(&time, nullptr);
}

// Ahead of what can wait, our own sinks before all: what the kernel has no room for cannot. Of this thread
// alone (setpriority(2)); without CAP_SYS_NICE it stays where it is.
void goFirst() { ::setpriority(PRIO_PROCESS, 0, kNice); }

}  // namespace

// The memory of one run of datagrams, and what recvmmsg(2) says of each.
class UdpInput::Run {
 public:
  Run() {
    places_ = static_cast<uint8_t*>(::mmap(nullptr, kPlaceBytes * kRunLength, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (places_ == MAP_FAILED) throw std::bad_alloc();
    for (unsigned i = 0; i < kRunLength; i++) {
      parts_[i] = {places_ + i * kPlaceBytes, 65536};
      headers_[i] = {};
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
      headers_[i].msg_hdr.msg_name = &names_[i];
      headers_[i].msg_hdr.msg_control = controls_[i];
    }
  }
  ~Run() { ::munmap(places_, kPlaceBytes * kRunLength); }

  unsigned read(int fd) {
    for (auto& header : headers_) {
      header.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
      header.msg_hdr.msg_controllen = kControlBytes;
    }
    const int count = ::recvmmsg(fd, headers_, kRunLength, MSG_DONTWAIT, nullptr);
    return count > 0 ? unsigned(count) : 0;
  }

  Bytes packet(unsigned i) const { return {places_ + i * kPlaceBytes, size_t(headers_[i].msg_len)}; }

  // Time, sender, and the socket's count of drops so far if the kernel told it.
  Arrival arrival(unsigned i, std::optional<uint32_t>& drops) const {
    Arrival arrival;
    msghdr header = headers_[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET) continue;
      if (c->cmsg_type == SO_TIMESTAMPNS) {
        timespec time;
        std::memcpy(&time, CMSG_DATA(c), sizeof time);
        arrival.timeUs = int64_t(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000;
      } else if (c->cmsg_type == SO_RXQ_OVFL) {
        uint32_t count;
        std::memcpy(&count, CMSG_DATA(c), sizeof count);
        drops = count;
      }
    }
    if (arrival.timeUs == 0) arrival.timeUs = wallClockUs();
    readSender(names_[i], arrival);
    return arrival;
  }

  // The kernel's counter is 32 bits wide and wraps; the difference does not.
  uint32_t newDrops(uint32_t count) { return count - std::exchange(dropsSeen_, count); }

 private:
  static void readSender(const sockaddr_storage& name, Arrival& arrival) {
    if (name.ss_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(name);
      arrival.sender = Address::ipv4(reinterpret_cast<const uint8_t*>(&v4.sin_addr));
      arrival.senderPort = ntohs(v4.sin_port);
      return;
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(name);
    const uint8_t* octets = v6.sin6_addr.s6_addr;
    arrival.sender = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? Address::ipv4(octets + 12) : Address::ipv6(octets);
    arrival.senderPort = ntohs(v6.sin6_port);
  }

  uint8_t* places_;
  iovec parts_[kRunLength];
  mmsghdr headers_[kRunLength];
  sockaddr_storage names_[kRunLength];
  alignas(cmsghdr) uint8_t controls_[kRunLength][kControlBytes];
  uint32_t dropsSeen_ = 0;
};

UdpInput::UdpInput(UdpSocket socket, std::unique_ptr<Intake> intake, std::function<void()> stopped)
    : socket_(std::move(socket)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      intake_(std::move(intake)),
      stopped_(std::move(stopped)) {
  if (!wake_) throw OsError("eventfd", errno);
  thread_ = std::thread([this] { work(); });
}

UdpInput::~UdpInput() {
  stop(0);
  join();
}

void UdpInput::stop(uint32_t drainMs) {
  drainMs_ = drainMs;
  int64_t running = INT64_MAX;
  stopAtUs_.compare_exchange_strong(running, wallClockUs());
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void UdpInput::work() {
  goFirst();
  auto run = std::make_unique<Run>();
  while (stopAtUs_.load() == INT64_MAX) {
    const unsigned count = run->read(socket_.fd.get());
    bool waiting;
    {
      Intake::Session session(*intake_);
      for (unsigned i = 0; i < count; i++) {
        std::optional<uint32_t> drops;
        const Arrival arrival = run->arrival(i, drops);
        if (drops) session.drop(Drop::kernelReceiveBuffer, run->newDrops(*drops));
        session.accept(run->packet(i), arrival);
      }
      waiting = session.flush();
    }
    if (count == 0) waitReadable(waiting);
    if (count < kRunLength) nap();
  }
  drain(*run);
  socket_.fd = Fd();  // the port is free from here on, whenever our owner goes
  ended_.store(true, std::memory_order_release);
  stopped_();
}

// Until a datagram comes, the open slab ages, or stop() is called.
void UdpInput::waitReadable(bool rowsWait) {
  pollfd waits[] = {{socket_.fd.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  ::poll(waits, 2, rowsWait ? int(intake_->flushMs()) : -1);
}

// What the socket held when stop() was called was received by us: it waits for room and is not dropped.
void UdpInput::drain(Run& run) {
  const int64_t stopAtUs = stopAtUs_.load();
  // read anew each time: a second stop() may cut the wait short
  const auto mayWait = [&] { return wallClockUs() < stopAtUs + int64_t(drainMs_.load()) * 1000; };
  bool ours = true;
  for (unsigned count; ours && (count = run.read(socket_.fd.get())) > 0;) {
    for (unsigned i = 0; i < count; i++) {
      std::optional<uint32_t> drops;
      const Arrival arrival = run.arrival(i, drops);
      if (arrival.timeUs > stopAtUs) ours = false;
      if (drops) Intake::Session(*intake_).drop(Drop::kernelReceiveBuffer, run.newDrops(*drops));
      while (!Intake::Session(*intake_).accept(run.packet(i), arrival, mayWait())) {
        intake_->pool().waitFree(kWaitSliceMs);
      }
    }
  }
  // Drops after the last datagram that was read are told by no datagram (SOCK_MEMINFO, sock_diag(7)).
  uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof memory;
  if (::getsockopt(socket_.fd.get(), SOL_SOCKET, SO_MEMINFO, memory, &size) == 0) {
    Intake::Session(*intake_).drop(Drop::kernelReceiveBuffer, run.newDrops(memory[SK_MEMINFO_DROPS]));
  }
  Intake::Session(*intake_).flush(true);
}

}  // namespace hepcapd
