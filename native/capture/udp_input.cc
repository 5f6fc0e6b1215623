#include "udp_input.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "datagram_run.h"
#include "receive_thread.h"

namespace hepcapd {
namespace {

constexpr uint32_t kWaitSliceMs = 50;

int64_t wallClockUs() { return wallClockNs() / 1000; }

void readSender(const sockaddr_storage& name, Arrival& arrival) {
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

}  // namespace

// Runs of datagrams with their time and sender, and what the socket dropped meanwhile.
class UdpInput::Run : public DatagramRun {
 public:
  Arrival arrival(unsigned i, uint32_t& newDrops) {
    Arrival arrival;
    const Stamp now = stamp(i);
    arrival.timeUs = now.timeNs / 1000;
    newDrops = now.drops ? drops.rise(*now.drops) : 0;
    readSender(sender(i), arrival);
    return arrival;
  }
  DropCount drops;
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
        uint32_t drops;
        const Arrival arrival = run->arrival(i, drops);
        if (drops > 0) session.drop(Drop::kernelReceiveBuffer, drops);
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
      uint32_t drops;
      const Arrival arrival = run.arrival(i, drops);
      if (arrival.timeUs > stopAtUs) ours = false;
      if (drops > 0) Intake::Session(*intake_).drop(Drop::kernelReceiveBuffer, drops);
      while (!Intake::Session(*intake_).accept(run.packet(i), arrival, mayWait())) {
        intake_->pool().waitFree(kWaitSliceMs);
      }
    }
  }
  Intake::Session(*intake_).drop(Drop::kernelReceiveBuffer, run.drops.riseOf(socket_.fd.get()));
  Intake::Session(*intake_).flush(true);
}

}  // namespace hepcapd
