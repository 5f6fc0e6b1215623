// Sockets that one program opens and the next one takes: what came between is there.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "capture/ipip_socket.h"
#include "capture/tcp_port.h"
#include "capture/udp_input.h"

using namespace hepcapd;

namespace {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

uint16_t portOf(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0);
  return ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);  // at the same place for both families
}

}  // namespace

TEST_CASE("a UDP socket is what it was, with what it holds") {
  UdpOptions options;
  options.address = "127.0.0.1";
  options.rcvbufBytes = 1 << 16;
  options.tellsReceiver = true;
  UdpSocket opened = UdpSocket::open(options);
  const uint16_t port = opened.port;
  const Fd sender(::socket(AF_INET, SOCK_DGRAM, 0));
  const sockaddr_in to = loopback(port);
  REQUIRE(::sendto(sender.get(), "early", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 5);

  const UdpSocket adopted = UdpSocket::adopt(Fd(opened.fd.release()), options);
  CHECK(adopted.port == port);
  CHECK(adopted.rcvbufBytes == opened.rcvbufBytes);
  CHECK(adopted.tellsReceiver);
  CHECK(adopted.bound == opened.bound);
  char octets[16];
  CHECK(::recv(adopted.fd.get(), octets, sizeof octets, MSG_DONTWAIT) == 5);
}

TEST_CASE("what is no UDP socket is refused") {
  CHECK_THROWS_AS(UdpSocket::adopt(bindTcp("127.0.0.1", 0), {}), OsError);
  CHECK_THROWS_AS(UdpSocket::adopt(Fd(), {}), OsError);
}

TEST_CASE("a TCP port is bound, and its own") {
  const Fd first = bindTcp("127.0.0.1", 0);
  REQUIRE(::listen(first.get(), 1) == 0);
  CHECK_THROWS_AS(bindTcp("127.0.0.1", portOf(first.get())), OsError);
  CHECK(portOf(bindTcp("", 0).get()) > 0);
  CHECK_THROWS_AS(bindTcp("no address", 0), OsError);
  CHECK_THROWS_AS(bindTcp("192.0.2.1", 0), OsError);
}

TEST_CASE("IPIP sockets receive nothing until they are taken") {
  if (::geteuid() != 0) {
    MESSAGE("raw sockets need root");
    return;
  }
  std::array<Fd, 2> made = openIpipDescriptors(1 << 16);
  const Fd sender(::socket(AF_INET, SOCK_RAW, IPPROTO_IPIP));
  const sockaddr_in to = loopback(0);
  const char packet[20] = {0x45};
  const auto send = [&] {
    REQUIRE(::sendto(sender.get(), packet, sizeof packet, 0, reinterpret_cast<const sockaddr*>(&to),
                     sizeof to) == sizeof packet);
  };
  send();
  char octet;
  CHECK(::recv(made[0].get(), &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0);
  IpipOptions options;
  options.address = "127.0.0.1";
  options.adopted = {made[0].release(), made[1].release()};
  const auto socket = IpipSocket::open(options);
  CHECK(socket->rcvbufBytes() > 0);
  send();
  CHECK(socket->pending() > 0);
}
