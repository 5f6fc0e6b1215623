// Puts the fragments of IPv4 (RFC 791, RFC 815) and IPv6 (RFC 8200 section 4.5, RFC 5722) datagrams together,
// in whatever order they come. Bounded in octets, in datagrams and in time, whatever is sent: the oldest is
// given up first, and each one given up is counted.
//
// Fragments that overlap are how one hides a packet from whoever watches: the two ends of a wire may disagree
// on which one counts. So octets that differ condemn their datagram, and IPv6 condemns any overlap but an
// exact duplicate. A condemned datagram holds no octets, and its other fragments are refused until its time
// is over.
#pragma once

#include <array>
#include <compare>
#include <list>
#include <map>
#include <vector>

#include "ip.h"

namespace hepcapd {

struct ReassemblyLimits {
  size_t bytes = 16 << 20;
  size_t datagrams = 4096;
  int64_t timeoutNs = 30'000'000'000;
};

struct ReassemblyCounters {
  uint64_t completed = 0;     // datagrams put together
  uint64_t timedOut = 0;      // given up: older than the time-out, or held when the clock jumped back
  uint64_t evicted = 0;       // given up: the oldest, to stay within the bounds
  uint64_t contradicted = 0;  // given up: two of their fragments did not agree
  size_t heldDatagrams = 0;   // now, condemned ones included
  size_t heldBytes = 0;       // now
};

// Owned by one thread, as the Dissector that it is a part of.
class Reassembly {
 public:
  explicit Reassembly(const ReassemblyLimits& limits) : limits_(limits) {}

  // A new frame of that time (0: unknown) begins: frees what was put together, gives up what is too old. Time
  // is the frames' own, for files are read faster than they were written.
  void advance(int64_t timeNs) {
    if (!whole_.empty()) whole_.clear();
    now_ = timeNs;
    if (!held_.empty()) expire();
  }

  // `packet` is a fragment. With Refusal::none it has become the whole one: its payload is valid until
  // advance(). Datagrams of different scopes do not mix: two customers' tunnels may use the same addresses,
  // and the same identification at the same time.
  Refusal add(uint64_t scope, IpPacket& packet);

  const ReassemblyCounters& counters() const { return counters_; }

 private:
  // RFC 791 tells datagrams apart by the protocol too; RFC 8200 does not, as it may differ between fragments.
  struct Key {
    uint64_t scope;
    uint32_t id;
    Family family;
    uint8_t protocol;
    std::array<uint8_t, 16> source;
    std::array<uint8_t, 16> destination;
    auto operator<=>(const Key&) const = default;
  };

  // `bytes` octets that belong to `offset` of the datagram stand at `at` of the store. Disjoint, and all but
  // the last of eight octets or more, so a datagram of 65535 octets has 8192 at most.
  struct Piece {
    uint16_t offset;
    uint16_t bytes;
    uint32_t at;
    uint32_t end() const { return uint32_t(offset) + bytes; }
  };

  struct Datagram {
    Key key;
    int64_t sinceNs;
    bool condemned = false;
    uint8_t protocol = 0;        // of the fragment at offset 0
    uint32_t total = 0;          // 0 until the last fragment is there
    uint32_t collected = 0;      // octets
    std::vector<Piece> pieces;   // by offset
    std::vector<uint8_t> store;  // in the order of arrival
    size_t heldBytes() const;
    bool whole() const { return total != 0 && collected == total; }
  };
  using Held = std::list<Datagram>;

  enum class Fit { added, duplicate, contradiction };

  static Key keyOf(uint64_t scope, const IpPacket& packet);
  static Fit fit(Datagram& datagram, const IpPacket& packet);
  static bool agreesWithEnd(const Datagram& datagram, const FragmentPlace& place, uint32_t end);

  Held::iterator find(const Key& key);
  Refusal take(Held::iterator datagram, const IpPacket& packet);
  void complete(Held::iterator datagram, IpPacket& packet);
  void condemn(Held::iterator datagram);
  void remove(Held::iterator datagram);
  void giveUpOldest(uint64_t& counter);
  void expire();
  bool shrink(Held::iterator newest);

  ReassemblyLimits limits_;
  ReassemblyCounters counters_;
  int64_t now_ = 0;
  int64_t clock_ = 0;                    // the latest time seen
  Held held_;                            // the oldest first
  std::map<Key, Held::iterator> index_;  // a tree: no choice of keys makes it slow
  std::vector<std::vector<uint8_t>> whole_;
};

}  // namespace hepcapd
