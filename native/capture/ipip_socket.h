// IPIP packets sent to this host: raw IPv4 sockets (raw(7)), one for IPv4 inside of IPv4 (protocol 4) and one
// for IPv6 inside of IPv4 (41). A frame begins with the outer IPv4 header; the kernel has put its fragments
// together.
//
// Every socket is given every packet: a second IpipSocket would see each again.
#pragma once

#include <memory>
#include <string>

#include "../base/fd.h"
#include "../bpf/program.h"
#include "datagram_run.h"
#include "frame_source.h"

namespace hepcapd {

struct IpipOptions {
  std::string address;    // IPv4, of this host; "" or 0.0.0.0 for every one
  std::string interface;  // "" for every one
  uint32_t rcvbufBytes = 0;
  Program filter;  // for raw IP; empty lets everything pass
  // From openIpipDescriptors(); taken by open(), and made anew when the interface comes back.
  std::array<int, 2> adopted{-1, -1};
};

// The two sockets, which refuse everything yet, with the receive buffer that was granted: for one who may
// make it larger than open() may later. Throws OsError.
std::array<Fd, 2> openIpipDescriptors(uint32_t rcvbufBytes);

class IpipSocket : public FrameSource {
 public:
  // Throws OsError.
  static std::unique_ptr<IpipSocket> open(const IpipOptions& options);

  uint32_t rcvbufBytes() const { return rcvbufBytes_; }  // of each socket, as the kernel granted

  size_t read(FrameSink& sink) override;
  void refuseMore() override;
  // Whether, not how many: a socket tells only octets of memory.
  uint64_t pending() override;
  uint64_t newDrops() override;
  LinkState link() override;
  bool reopen() override;
  std::array<int, 2> descriptors() const override { return {channels_[0].fd.get(), channels_[1].fd.get()}; }

 private:
  struct Channel {
    Fd fd;
    DropCount count;
  };

  explicit IpipSocket(const IpipOptions& options) : options_(options) {}
  void start(std::array<Fd, 2> sockets);
  void openChannel(Channel& channel, Fd fd);
  unsigned readFrom(const Channel& channel, FrameSink& sink);

  const IpipOptions options_;
  int interfaceIndex_ = 0;
  uint32_t rcvbufBytes_ = 0;
  std::array<Channel, 2> channels_;
  DatagramRun run_;
  uint64_t drops_ = 0;  // not handed out by newDrops() yet
};

}  // namespace hepcapd
