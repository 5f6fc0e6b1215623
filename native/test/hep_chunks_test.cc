// The registry has no gaps, doubles or names that a script could not write.
#include <doctest/doctest.h>

#include <iterator>
#include <set>
#include <string>

#include "hep/chunks.h"

using namespace hepcapd;

TEST_CASE("hep chunks: types rise, names are unique and snake case") {
  std::set<std::string> names;
  unsigned last = 0;
  for (const ChunkDescription& chunk : kChunks) {
    CHECK(unsigned(chunk.type) > last);
    last = unsigned(chunk.type);
    const std::string name = chunk.name;
    CHECK(names.insert(name).second);
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
  }
}

TEST_CASE("hep chunks: all of 1 to 18 are described") {
  for (unsigned type = 1; type <= 18; type++) CHECK(unsigned(kChunks[type - 1].type) == type);
}

TEST_CASE("hep chunks: kinds have the widths and names of the wire") {
  CHECK(chunkWidth(ChunkKind::octets) == 0);
  CHECK(chunkWidth(ChunkKind::uint8) == 1);
  CHECK(chunkWidth(ChunkKind::uint16) == 2);
  CHECK(chunkWidth(ChunkKind::uint32) == 4);
  CHECK(chunkWidth(ChunkKind::uint64) == 8);
  CHECK(chunkWidth(ChunkKind::inet4) == 4);
  CHECK(chunkWidth(ChunkKind::inet6) == 16);
  CHECK(kindName(ChunkKind::octets) == std::string("octets"));
  CHECK(kindName(ChunkKind::inet6) == std::string("inet6"));
}

TEST_CASE("hep chunks: protocol types and vendors rise, and no name says two numbers") {
  const auto check = [](const NamedNumber* first, const NamedNumber* last) {
    std::set<std::string> names;
    for (const NamedNumber* at = first; at != last; at++) {
      if (at != first) CHECK(at->number > at[-1].number);
      CHECK(names.insert(at->name).second);
    }
  };
  check(std::begin(kProtocolTypes), std::end(kProtocolTypes));
  check(std::begin(kVendors), std::end(kVendors));
}
