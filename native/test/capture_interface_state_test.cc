// What the kernel says of interfaces and packet sockets: of the loopback interface, which every host has.
#include "capture/interface_state.h"

#include <doctest/doctest.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/fd.h"

using namespace hepcapd;

TEST_CASE("interface state: of the loopback interface") {
  const InterfaceState state = interfaceState("lo");
  CHECK(state.interface.loopback);
  CHECK(state.interface.linkType() == 1);
  CHECK(state.mtu >= 1280);
  for (const std::string& feature : state.features) {
    CHECK(!feature.empty());
    CHECK(std::all_of(feature.begin(), feature.end(), [](char c) { return c > ' ' && c < '\x7f'; }));
  }
}

TEST_CASE("interface state: a name that nobody has, and one that is too long for any") {
  for (const char* name : {"", "no-such-if", "a-name-that-no-interface-can-have"}) {
    try {
      interfaceState(name);
      FAIL(name);
    } catch (const OsError& error) {
      CHECK(error.code == ENODEV);
    }
  }
}

TEST_CASE("packet socket state: says of the first step what socket(2) says") {
  const Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  const int error = fd ? 0 : errno;
  const PacketSocketState state = packetSocketState();
  CHECK(state.socket == error);
  CHECK(state.overflow == 0);
  if (error == 0) CHECK((state.version == 0 && state.ring == 0 && state.fanout == 0));
}
