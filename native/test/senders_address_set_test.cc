// Networks as people write them, and the addresses that are in them: judged bit by bit beside the ranges.
#include "senders/address_set.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <random>

using namespace hepcapd;

namespace {

Address address(const std::string& text) {
  uint8_t octets[16];
  if (::inet_pton(AF_INET, text.c_str(), octets) == 1) return Address::ipv4(octets);
  REQUIRE(::inet_pton(AF_INET6, text.c_str(), octets) == 1);
  return Address::ipv6(octets);
}

AddressSet setOf(const std::vector<std::string>& texts) {
  std::vector<Network> networks;
  for (const std::string& text : texts) {
    const auto network = Network::parse(text);
    REQUIRE_MESSAGE(network, text);
    networks.push_back(*network);
  }
  return AddressSet(networks);
}

bool isWithin(const Address& one, const Network& network) {
  if (one.family != network.first.family) return false;
  for (unsigned bit = 0; bit < network.bits; bit++) {
    const uint8_t mask = uint8_t(0x80 >> bit % 8);
    if ((one.octets[bit / 8] ^ network.first.octets[bit / 8]) & mask) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a network holds its first and its last address, and not those beside them") {
  const AddressSet set = setOf({"192.0.2.64/26", "2001:db8:1::/48", "198.51.100.7"});
  for (const char* text :
       {"192.0.2.64", "192.0.2.127", "2001:db8:1::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", "198.51.100.7"}) {
    CHECK_MESSAGE(set.has(address(text)), text);
  }
  for (const char* text : {"192.0.2.63", "192.0.2.128", "2001:db8:0:ffff:ffff:ffff:ffff:ffff",
                           "2001:db8:2::", "198.51.100.6", "198.51.100.8", "::", "0.0.0.0"}) {
    CHECK_MESSAGE(!set.has(address(text)), text);
  }
  CHECK(!set.has(Address{}));
  CHECK(!AddressSet().has(address("192.0.2.64")));
}

TEST_CASE("what is mapped into IPv6 is IPv4, and all of a family is all of it") {
  CHECK(setOf({"::ffff:192.0.2.0/120"}).has(address("192.0.2.9")));
  CHECK(!setOf({"::ffff:192.0.2.0/120"}).has(address("192.0.3.9")));
  CHECK(setOf({"0.0.0.0/0"}).has(address("255.255.255.255")));
  CHECK(!setOf({"0.0.0.0/0"}).has(address("2001:db8::1")));
  CHECK(setOf({"::/0"}).has(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
}

TEST_CASE("bits behind the prefix mean nothing") {
  CHECK(Network::parse("10.1.2.3/8")->first == address("10.0.0.0"));
  CHECK(Network::parse("2001:db8::1/32")->first == address("2001:db8::"));
}

TEST_CASE("what is no network is none") {
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/8/8", "10.0.0.0/-1",
        "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8 ", "host", "fe80::1%lo", "10.0.0.0/99999999999"}) {
    CHECK_MESSAGE(!Network::parse(text), text);
  }
}

TEST_CASE("random networks: the ranges say what their bits say") {
  std::mt19937 random(1);
  const auto octet = [&] { return uint8_t(random() % 4 * 85); };  // few values, so that they meet
  for (int round = 0; round < 2000; round++) {
    std::vector<Network> networks;
    for (unsigned i = random() % 6; i-- > 0;) {
      const uint8_t octets[16] = {octet(), octet(), octet(), octet()};
      const bool isIpv4 = random() % 2;
      Network network{isIpv4 ? Address::ipv4(octets) : Address::ipv6(octets), unsigned(random() % 33)};
      char text[64];
      ::inet_ntop(isIpv4 ? AF_INET : AF_INET6, octets, text, sizeof text);
      networks.push_back(*Network::parse(std::string(text) + "/" + std::to_string(network.bits)));
    }
    const AddressSet set(networks);
    for (int probe = 0; probe < 20; probe++) {
      const uint8_t octets[16] = {octet(), octet(), octet(), octet(), octet()};
      for (const Address& one : {Address::ipv4(octets), Address::ipv6(octets)}) {
        bool wanted = false;
        for (const Network& network : networks) wanted |= isWithin(one, network);
        REQUIRE(set.has(one) == wanted);
      }
    }
  }
}
