#include "reassembly.h"

#include <algorithm>

namespace hepcapd {
namespace {

constexpr uint32_t kMostDatagramBytes = 65535;
constexpr uint8_t kIpv6FragmentHeader = 44;
constexpr size_t kBookkeepingBytes = 256;  // list node, tree node and the heap's own, for each datagram

// What can be said of a fragment without the others.
Refusal judgeAlone(const IpPacket& packet) {
  if (packet.missing > 0) return Refusal::fragmentTruncated;
  const size_t size = packet.payload.size;
  const bool uneven = packet.place.more && size % 8 != 0;
  // What has no length of its own may have padding behind it; RFC 2675 section 3 forbids it for IPv6.
  if (size == 0 || uneven || packet.sizeless) return Refusal::fragmentMalformed;
  if (packet.place.offset + size > kMostDatagramBytes) return Refusal::fragmentMalformed;
  return Refusal::none;
}

}  // namespace

size_t Reassembly::Datagram::heldBytes() const {
  return kBookkeepingBytes + sizeof(*this) + pieces.capacity() * sizeof(Piece) + store.capacity();
}

Reassembly::Key Reassembly::keyOf(uint64_t scope, const IpPacket& packet) {
  const Family family = packet.source.family;
  const uint8_t protocol = family == Family::ipv6 ? kIpv6FragmentHeader : packet.protocol;
  return {scope, packet.place.id, family, protocol, packet.source.octets, packet.destination.octets};
}

Reassembly::Held::iterator Reassembly::find(const Key& key) {
  const auto [place, isNew] = index_.try_emplace(key, held_.end());
  if (!isNew) return place->second;
  if (held_.empty()) clock_ = now_;
  place->second = held_.insert(held_.end(), Datagram{});
  Datagram& datagram = *place->second;
  datagram.key = key;
  datagram.sinceNs = clock_;
  counters_.heldDatagrams++;
  counters_.heldBytes += datagram.heldBytes();
  return place->second;
}

// The last fragment says where the datagram ends: none may reach beyond, and no other may say that it is the
// last.
bool Reassembly::agreesWithEnd(const Datagram& datagram, const FragmentPlace& place, uint32_t end) {
  if (place.more) return datagram.total == 0 || end < datagram.total;
  if (datagram.total != 0) return end == datagram.total;
  return datagram.pieces.empty() || datagram.pieces.back().end() <= end;
}

// Stores what is new of the fragment and compares the rest. A fragment fills as many gaps as pieces came
// between them, so what this costs over all fragments of a datagram grows with their octets.
Reassembly::Fit Reassembly::fit(Datagram& datagram, const IpPacket& packet) {
  const Bytes octets = packet.payload;
  const uint32_t first = packet.place.offset;
  const uint32_t end = first + uint32_t(octets.size);
  std::vector<Piece>& pieces = datagram.pieces;
  auto piece = std::upper_bound(pieces.begin(), pieces.end(), first,
                                [](uint32_t at, const Piece& other) { return at < other.end(); });
  const bool overlaps = piece != pieces.end() && piece->offset < end;
  const bool sameRange = overlaps && piece->offset == first && piece->end() == end;
  if (overlaps && !sameRange && packet.source.family == Family::ipv6) return Fit::contradiction;

  bool added = false;
  for (uint32_t at = first; at < end;) {
    const uint32_t gapEnd = piece == pieces.end() ? end : std::min<uint32_t>(end, piece->offset);
    if (at < gapEnd) {
      const uint8_t* from = octets.data + (at - first);
      const uint32_t bytes = gapEnd - at;
      piece = pieces.insert(piece, {uint16_t(at), uint16_t(bytes), uint32_t(datagram.store.size())});
      datagram.store.insert(datagram.store.end(), from, from + bytes);
      datagram.collected += bytes;
      added = true;
      at = gapEnd;
    } else {
      const uint32_t bytes = std::min(end, piece->end()) - at;
      const uint8_t* held = datagram.store.data() + piece->at + (at - piece->offset);
      if (std::memcmp(held, octets.data + (at - first), bytes) != 0) return Fit::contradiction;
      at += bytes;
    }
    ++piece;
  }
  return added ? Fit::added : Fit::duplicate;
}

Refusal Reassembly::take(Held::iterator datagram, const IpPacket& packet) {
  if (datagram->condemned) return Refusal::fragmentOverlap;
  const uint32_t end = packet.place.offset + uint32_t(packet.payload.size);
  const bool agrees = agreesWithEnd(*datagram, packet.place, end);
  const size_t before = datagram->heldBytes();
  const Fit result = agrees ? fit(*datagram, packet) : Fit::contradiction;
  counters_.heldBytes += datagram->heldBytes() - before;
  if (result == Fit::contradiction) {
    condemn(datagram);
    return Refusal::fragmentOverlap;
  }
  if (!packet.place.more) datagram->total = end;
  if (packet.place.offset == 0) datagram->protocol = packet.protocol;
  return result == Fit::duplicate ? Refusal::fragmentDuplicate : Refusal::none;
}

Refusal Reassembly::add(uint64_t scope, IpPacket& packet) {
  if (const Refusal refusal = judgeAlone(packet); refusal != Refusal::none) return refusal;
  const Held::iterator datagram = find(keyOf(scope, packet));
  if (const Refusal refusal = take(datagram, packet); refusal != Refusal::none) return refusal;
  if (datagram->whole()) {
    complete(datagram, packet);
    return Refusal::none;
  }
  return shrink(datagram) ? Refusal::fragmentHeld : Refusal::fragmentBound;
}

void Reassembly::complete(Held::iterator datagram, IpPacket& packet) {
  const std::vector<Piece>& pieces = datagram->pieces;
  const bool inOrder =
      std::all_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.at == piece.offset; });
  std::vector<uint8_t> octets;
  if (!inOrder) {
    octets.reserve(datagram->total);
    for (const Piece& piece : pieces) {
      const uint8_t* from = datagram->store.data() + piece.at;
      octets.insert(octets.end(), from, from + piece.bytes);
    }
  }
  packet.protocol = datagram->protocol;
  packet.fragmented = false;
  const size_t held = datagram->heldBytes();
  whole_.push_back(inOrder ? std::move(datagram->store) : std::move(octets));
  packet.payload = {whole_.back().data(), whole_.back().size()};
  counters_.completed++;
  counters_.heldBytes -= held - datagram->heldBytes();
  remove(datagram);
}

void Reassembly::condemn(Held::iterator datagram) {
  const size_t before = datagram->heldBytes();
  datagram->condemned = true;
  datagram->pieces = {};
  datagram->store = {};
  counters_.heldBytes -= before - datagram->heldBytes();
  counters_.contradicted++;
}

void Reassembly::remove(Held::iterator datagram) {
  counters_.heldDatagrams--;
  counters_.heldBytes -= datagram->heldBytes();
  index_.erase(datagram->key);
  held_.erase(datagram);
}

void Reassembly::giveUpOldest(uint64_t& counter) {
  if (!held_.front().condemned) counter++;  // a condemned one has been counted
  remove(held_.begin());
}

// Datagrams are as old as the list says, because `clock_` does not go back; a frame that is a little late
// changes nothing. A clock that was set back by more than the time-out has made every age meaningless.
void Reassembly::expire() {
  if (now_ == 0) return;
  const bool late = now_ < clock_;
  const uint64_t lateNs = late ? uint64_t(clock_) - uint64_t(now_) : 0;
  const uint64_t timeoutNs = uint64_t(limits_.timeoutNs);
  const bool setBack = lateNs > timeoutNs;
  if (!late || setBack) clock_ = now_;
  while (!held_.empty() && (setBack || uint64_t(clock_) - uint64_t(held_.front().sinceNs) > timeoutNs)) {
    giveUpOldest(counters_.timedOut);
  }
}

// False when the newest had to go as well.
bool Reassembly::shrink(Held::iterator newest) {
  while (counters_.heldDatagrams > limits_.datagrams || counters_.heldBytes > limits_.bytes) {
    const bool isNewest = newest == held_.begin();
    giveUpOldest(counters_.evicted);
    if (isNewest) return false;
  }
  return true;
}

}  // namespace hepcapd
