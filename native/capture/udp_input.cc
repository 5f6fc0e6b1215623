#include "udp_input.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "../batch/datagram_kind.h"
#include "datagram_run.h"
#include "receive_thread.h"

namespace hepcapd {
namespace {

constexpr uint32_t kWaitSliceMs = 50;
constexpr uint8_t kProtocolUdp = 17;

int64_t wallClockUs() { return wallClockNs() / 1000; }

void readSender(const sockaddr_storage& name, Arrival& arrival) {
  const Endpoint sender = endpointOf(name);
  arrival.sender = sender.address;
  arrival.senderPort = sender.port;
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
    pulse_.beat(socket_.fd.get());
    const unsigned count = run->read(socket_.fd.get());
    bool waiting;
    {
      Intake::Session session(*intake_);
      for (unsigned i = 0; i < count; i++) {
        uint32_t drops;
        const Arrival arrival = arrivalOf(*run, i, drops);
        if (drops > 0) session.drop(Drop::kernelReceiveBuffer, drops);
        take(session, *run, i, arrival, false);
      }
      waiting = session.flush();
    }
    if (count == 0) waitReadable(waiting);
    if (count < kRunLength) nap();
  }
  pulse_.end();
  drain(*run);
  socket_.fd = Fd();  // the port is free from here on, whenever our owner goes
  ended_.store(true, std::memory_order_release);
  stopped_();
}

Arrival UdpInput::arrivalOf(Run& run, unsigned i, uint32_t& newDrops) const {
  Arrival arrival = run.arrival(i, newDrops);
  if (socket_.tellsReceiver) arrival.receiver = run.destination(i).value_or(socket_.bound);
  return arrival;
}

// False only with `mayWait`: there is no slab now, offer it again.
bool UdpInput::take(Intake::Session& session, const Run& run, unsigned i, const Arrival& arrival,
                    bool mayWait) {
  if (!session.admits(arrival, run.packet(i).size)) return true;
  if (takeAdmitted(session, run, i, arrival, mayWait)) return true;
  session.putOff(arrival);
  return false;
}

bool UdpInput::takeAdmitted(Intake::Session& session, const Run& run, unsigned i, const Arrival& arrival,
                            bool mayWait) {
  if (socket_.takes == UdpTakes::hep) return session.accept(run.packet(i), arrival, mayWait);
  switch (kindOf(run.packet(i))) {
    case DatagramKind::sip:
      return takeSip(session, run, i, arrival, mayWait);
    case DatagramKind::hep:
      if (socket_.takes == UdpTakes::sipOrHep) return session.accept(run.packet(i), arrival, mayWait);
      session.refuse(Drop::udpHepOff, arrival, run.packet(i).size);
      return true;
    case DatagramKind::keepAlive:
      session.refuse(Drop::udpKeepAlive, arrival, run.packet(i).size);
      return true;
    case DatagramKind::stun:
      session.refuse(Drop::udpStun, arrival, run.packet(i).size);
      return true;
    case DatagramKind::other:
      session.refuse(Drop::udpNotSipOrHep, arrival, run.packet(i).size);
      return true;
  }
  return true;
}

// The datagram is the message: it went from its sender to the address that it was received on.
bool UdpInput::takeSip(Intake::Session& session, const Run& run, unsigned i, const Arrival& arrival,
                       bool mayWait) {
  const CapturedMessage message{.payload = run.packet(i),
                                .source = arrival.sender,
                                .destination = run.destination(i).value_or(socket_.bound),
                                .sourcePort = arrival.senderPort,
                                .destinationPort = socket_.port,
                                .protocol = kProtocolUdp,
                                .timeUs = arrival.timeUs};
  if (!session.accept(message, mayWait)) return false;
  session.met(arrival, message.payload.size);
  return true;
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
      const Arrival arrival = arrivalOf(run, i, drops);
      if (arrival.timeUs > stopAtUs) ours = false;
      if (drops > 0) Intake::Session(*intake_).drop(Drop::kernelReceiveBuffer, drops);
      const auto taken = [&] {
        Intake::Session session(*intake_);
        return take(session, run, i, arrival, mayWait());
      };
      while (!taken()) intake_->pool().waitFree(kWaitSliceMs);
    }
  }
  Intake::Session(*intake_).drop(Drop::kernelReceiveBuffer, run.drops.riseOf(socket_.fd.get()));
  Intake::Session(*intake_).flush(true);
}

}  // namespace hepcapd
