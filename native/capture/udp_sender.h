// Datagrams to one receiver, in runs of sendmmsg(2), at a pace or as fast as the kernel takes them.
//
// send() blocks its thread: it belongs on a worker, one call at a time.
#pragma once

#include <array>

#include "../base/address.h"
#include "../base/bytes.h"
#include "../base/fd.h"
#include "../base/os_error.h"

namespace hepcapd {

// What became of datagrams. Each is counted once, as sent or as one of the others; `refused` apart.
struct SendCounters {
  uint64_t sent = 0;     // taken by the kernel
  uint64_t octets = 0;   // of those
  uint64_t tooLong = 0;  // EMSGSIZE
  uint64_t noRoom = 0;   // ENOBUFS or EAGAIN, for longer than we wait
  uint64_t failed = 0;   // any other error: lastError
  uint64_t refused = 0;  // the receiver's host said that nobody listens; the datagram was sent again
  int lastError = 0;
};

// What became of one datagram.
enum class SendOutcome : uint8_t { sent, too_long, no_room, failed };

class UdpSender {
 public:
  // `datagramsPerSecond` 0 is as fast as possible. Throws OsError.
  UdpSender(const Address& to, uint16_t port, double datagramsPerSecond);

  // The i-th datagram ends at ends[i] of `octets`, and begins where the one before it ends. The pace goes on
  // over calls. With `outcomes`, the i-th of them is what became of the i-th datagram.
  SendCounters send(Bytes octets, const uint32_t* ends, size_t count, SendOutcome* outcomes = nullptr);

 private:
  class Run;
  size_t awaitTurn(size_t wanted);

  Fd socket_;
  double perSecond_;
  int64_t beganNs_ = 0;  // of the schedule; 0 before the first datagram
  uint64_t scheduled_ = 0;
};

}  // namespace hepcapd
