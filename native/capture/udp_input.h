// HEP, or SIP and HEP, over UDP: one thread a socket, which reads runs of datagrams and hands them to its
// Intake. It never answers.
//
// recvmmsg(2) in runs, kernel time stamps (SO_TIMESTAMPNS), kernel drops (SO_RXQ_OVFL and at the end
// SO_MEMINFO). While the run is short the thread naps, so that a run is worth its system call.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "../base/fd.h"
#include "../base/os_error.h"
#include "../base/thread_name.h"
#include "../batch/intake.h"
#include "pulse.h"

namespace hepcapd {

// What a socket is for. All that comes is HEP, or refused as HEP; or what comes is told apart.
enum class UdpTakes : uint8_t { hep, sip, sipOrHep };

struct UdpOptions {
  std::string address;       // numeric; "" for every address of both families where the host has them
  uint16_t port = 0;         // 0: any free one
  uint32_t rcvbufBytes = 0;  // wanted receive buffer, in the measure of net.core.rmem_max
  bool shared = false;       // SO_REUSEPORT: several sockets on one port, the kernel spreads the senders
  UdpTakes takes = UdpTakes::hep;
  bool tellsReceiver = false;  // records say which address of ours a packet came to, of a wildcard too
};

struct UdpSocket {
  Fd fd;
  uint16_t port = 0;
  uint32_t rcvbufBytes = 0;  // what the kernel granted
  UdpTakes takes = UdpTakes::hep;
  Address bound;  // zeros for the wildcard
  bool tellsReceiver = false;

  // Throws OsError.
  static UdpSocket open(const UdpOptions& options);
  // One that open() made before this program was executed anew, with the same options. Throws OsError.
  static UdpSocket adopt(Fd fd, const UdpOptions& options);
};

class UdpInput {
 public:
  // `stopped` is called on the thread after its last packet.
  UdpInput(UdpSocket socket, std::unique_ptr<Intake> intake, std::function<void()> stopped);
  ~UdpInput();
  UdpInput(const UdpInput&) = delete;
  UdpInput& operator=(const UdpInput&) = delete;

  // Asks the thread to take what the socket holds at this moment (waiting for slabs, not dropping) and end.
  // After `drainMs` it stops waiting, and drops and counts.
  void stop(uint32_t drainMs);
  // Waits for the thread's end, after stop().
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  // Before join().
  void nameThread(const std::string& name) { hepcapd::nameThread(thread_.native_handle(), name); }
  // Of the thread; once it ends there is no work.
  Pulse::Reading pulse() const { return pulse_.read(); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  Intake& intake() { return *intake_; }
  const Intake& intake() const { return *intake_; }
  IntakeCounters counters() const { return intake_->counters(); }

 private:
  class Run;
  void work();
  Arrival arrivalOf(Run& run, unsigned i, uint32_t& newDrops) const;
  bool take(Intake::Session& session, const Run& run, unsigned i, const Arrival& arrival, bool mayWait);
  bool takeAdmitted(Intake::Session& session, const Run& run, unsigned i, const Arrival& arrival,
                    bool mayWait);
  bool takeSip(Intake::Session& session, const Run& run, unsigned i, const Arrival& arrival, bool mayWait);
  void drain(Run& run);
  void waitReadable(bool rowsWait);

  UdpSocket socket_;
  Fd wake_;
  std::unique_ptr<Intake> intake_;
  std::function<void()> stopped_;
  std::atomic<int64_t> stopAtUs_{INT64_MAX};  // wall clock: what arrived later is not ours any more
  std::atomic<uint32_t> drainMs_{0};
  std::atomic<bool> ended_{false};
  Pulse pulse_;
  std::thread thread_;
};

}  // namespace hepcapd
