#include "udp_sender.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>

namespace hepcapd {
namespace {

constexpr size_t kRunLength = 128;
constexpr int kSendBufferBytes = 4 << 20;
constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kTickNs = 1'000'000;    // with a pace, what is due is sent so often
constexpr int64_t kLateNs = 500'000'000;  // later than this, the schedule begins anew
constexpr long kNapNs = 1'000'000;
constexpr unsigned kMostNaps = 1000;  // for one run that the kernel has no room for

int64_t nowNs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

void sleepNs(int64_t ns) {
  const timespec time{time_t(ns / kNsPerSecond), long(ns % kNsPerSecond)};
  ::nanosleep(&time, nullptr);
}

void connectTo(int fd, const Address& to, uint16_t port) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool six = to.family == Family::ipv6;
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(port);
  std::memcpy(&v4.sin_addr, to.octets.data(), sizeof v4.sin_addr);
  std::memcpy(&v6.sin6_addr, to.octets.data(), sizeof v6.sin6_addr);
  const auto* name = six ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  if (::connect(fd, name, six ? sizeof v6 : sizeof v4) != 0) {
    throw OsError("connect", errno, "this host has no route to that address: see `ip route get`");
  }
}

bool isFull(int error) { return error == ENOBUFS || error == EAGAIN || error == ENOMEM; }

SendOutcome outcomeOf(int error) {
  if (isFull(error)) return SendOutcome::no_room;
  return error == EMSGSIZE ? SendOutcome::too_long : SendOutcome::failed;
}

}  // namespace

UdpSender::UdpSender(const Address& to, uint16_t port, double datagramsPerSecond)
    : socket_(::socket(to.family == Family::ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
      perSecond_(datagramsPerSecond) {
  if (!socket_) throw OsError("socket", errno);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
  // Connected, so that the kernel tells us of port unreachable messages (ip(7)).
  connectTo(socket_.get(), to, port);
}

// One call's datagrams, and how far they are.
class UdpSender::Run {
 public:
  Run(int fd, Bytes octets, const uint32_t* ends, size_t count, SendOutcome* outcomes)
      : fd_(fd), octets_(octets), ends_(ends), count_(count), outcomes_(outcomes) {}

  size_t left() const { return count_ - next_; }
  const SendCounters& counters() const { return counters_; }

  void send(size_t wanted) {
    const size_t until = next_ + wanted;
    while (next_ < until) step(std::min(until - next_, kRunLength));
  }

 private:
  // sendmmsg(2) tells of an error only when it belongs to the first datagram.
  void step(size_t wanted) {
    const size_t ready = fill(wanted);
    const int accepted = ::sendmmsg(fd_, headers_.data(), unsigned(ready), 0);
    if (accepted < 0) return settle(errno);
    for (int i = 0; i < accepted; i++) {
      counters_.octets += parts_[size_t(i)].iov_len;
      tell(SendOutcome::sent);
    }
    counters_.sent += uint64_t(accepted);
    naps_ = 0;
  }

  size_t fill(size_t wanted) {
    for (size_t i = 0; i < wanted; i++) {
      const uint32_t from = next_ + i == 0 ? 0 : ends_[next_ + i - 1];
      parts_[i] = {const_cast<uint8_t*>(octets_.data) + from, ends_[next_ + i] - from};
      headers_[i] = {};
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
    return wanted;
  }

  // Either the datagram is tried again, or it is counted and passed.
  void settle(int error) {
    if (error == EINTR) return;
    if (error == ECONNREFUSED) {  // an answer to an earlier datagram: this one was not tried
      counters_.refused++;
      return;
    }
    if (isFull(error) && naps_ < kMostNaps) {
      naps_++;
      return sleepNs(kNapNs);
    }
    const SendOutcome outcome = outcomeOf(error);
    countOf(outcome)++;
    counters_.lastError = error;
    tell(outcome);
  }

  uint64_t& countOf(SendOutcome outcome) {
    switch (outcome) {
      case SendOutcome::too_long:
        return counters_.tooLong;
      case SendOutcome::no_room:
        return counters_.noRoom;
      default:
        return counters_.failed;
    }
  }

  void tell(SendOutcome outcome) {
    if (outcomes_) outcomes_[next_] = outcome;
    next_++;
  }

  int fd_;
  Bytes octets_;
  const uint32_t* ends_;
  size_t count_;
  SendOutcome* outcomes_;
  size_t next_ = 0;
  unsigned naps_ = 0;
  SendCounters counters_;
  std::array<iovec, kRunLength> parts_;
  std::array<mmsghdr, kRunLength> headers_;
};

SendCounters UdpSender::send(Bytes octets, const uint32_t* ends, size_t count, SendOutcome* outcomes) {
  Run run(socket_.get(), octets, ends, count, outcomes);
  while (run.left() > 0) run.send(awaitTurn(run.left()));
  return run.counters();
}

// Sleeps until something is due, and returns how many datagrams are.
size_t UdpSender::awaitTurn(size_t wanted) {
  if (perSecond_ <= 0) return wanted;
  for (;;) {
    const int64_t now = nowNs();
    const int64_t dueNs = beganNs_ + int64_t(double(scheduled_) / perSecond_ * double(kNsPerSecond));
    if (beganNs_ == 0 || now - dueNs > kLateNs) {
      beganNs_ = now;
      scheduled_ = 0;
    }
    const auto due = uint64_t(double(now - beganNs_) * perSecond_ / double(kNsPerSecond)) + 1;
    if (due > scheduled_) {
      const size_t turn = size_t(std::min<uint64_t>(wanted, due - scheduled_));
      scheduled_ += turn;
      return turn;
    }
    sleepNs(std::max(dueNs - now, kTickNs));
  }
}

}  // namespace hepcapd
