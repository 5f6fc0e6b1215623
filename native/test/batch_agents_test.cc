// The table of agents: what each sent, in bounded memory.
#include "batch/agents.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "hep/chunks.h"

using namespace hepcapd;

namespace {

constexpr int64_t kNow = 1'700'000'000'000'000;

Address made(uint32_t number) {
  const uint8_t octets[4] = {uint8_t(number >> 24), uint8_t(number >> 16), uint8_t(number >> 8),
                             uint8_t(number)};
  return Address::ipv4(octets);
}

HepPacket hepOf(uint8_t version, uint32_t id, int64_t timeUs) {
  HepPacket hep;
  hep.version = version;
  hep.agentId = id;
  hep.seconds = uint32_t(timeUs / 1'000'000);
  hep.microseconds = uint32_t(timeUs % 1'000'000);
  hep.present = chunkBit(unsigned(ChunkType::agentId)) | chunkBit(unsigned(ChunkType::seconds));
  return hep;
}

Agent only(const Agents& agents) {
  REQUIRE(agents.all().size() == 1);
  return agents.all()[0];
}

}  // namespace

TEST_CASE("packets, octets, versions and times of a sender") {
  Agents agents;
  agents.met(made(1), kNow, 100, hepOf(2, 7, kNow));
  agents.met(made(1), kNow + 5, 50, hepOf(3, 7, kNow));
  const Agent agent = only(agents);
  CHECK(agent.address == made(1));
  CHECK(agent.hasId);
  CHECK(agent.id == 7);
  CHECK(agent.packets == 2);
  CHECK(agent.octets == 150);
  CHECK(agent.versions == (1 << 2 | 1 << 3));
  CHECK(agent.firstUs == kNow);
  CHECK(agent.lastUs == kNow + 5);
}

TEST_CASE("an id is an agent of its own, and so is none, which is not 0") {
  Agents agents;
  agents.met(made(1), kNow, 10, hepOf(3, 0, kNow));
  agents.met(made(1), kNow, 10, hepOf(3, 1, kNow));
  agents.met(made(1), kNow, 10);
  agents.met(made(2), kNow, 10, hepOf(3, 1, kNow));
  CHECK(agents.all().size() == 4);
}

TEST_CASE("faults are counted by name") {
  Agents agents;
  agents.refused(made(1), kNow, 10, Drop::hepBadMagic);
  agents.refused(made(1), kNow, 10, Drop::hepBadMagic);
  agents.refused(made(1), kNow, 10, Drop::rateLimited);
  const Agent agent = only(agents);
  CHECK(agent.packets == 3);
  CHECK(agent.refused[size_t(Drop::hepBadMagic)] == 2);
  CHECK(agent.refused[size_t(Drop::rateLimited)] == 1);
  CHECK(!agent.hasSkew());
}

TEST_CASE("the skew is what the quickest packet shows, of the last windows only") {
  Agents agents;
  const auto meets = [&](int64_t nowUs, int64_t aheadUs) {
    agents.met(made(1), nowUs, 10, hepOf(3, 1, nowUs + aheadUs));
  };
  meets(kNow, -900'000);
  meets(kNow + 1, -500'000);
  meets(kNow + 2, -700'000);
  CHECK(only(agents).skewUs() == -500'000);
  meets(kNow + Agents::kWindowUs, -800'000);
  CHECK(only(agents).skewUs() == -500'000);
  meets(kNow + 2 * Agents::kWindowUs, -850'000);
  CHECK(only(agents).skewUs() == -800'000);
  meets(kNow - Agents::kWindowUs, 3'000'000);  // our clock was put back
  CHECK(only(agents).skewUs() == 3'000'000);
}

TEST_CASE("a million senders take no more memory than the bound, and are all counted") {
  constexpr uint32_t kFlood = 1'000'000;
  Agents agents;
  for (uint32_t i = 0; i < kFlood; i++) agents.met(made(i), kNow, 10);
  const std::vector<Agent> all = agents.all();
  CHECK(all.size() <= Agents::kAgents);
  CHECK(all.size() + agents.others() == kFlood);
}

TEST_CASE("those who were silent for long make room, those who were not stay") {
  Agents agents;
  for (uint32_t i = 0; i < 100'000; i++) agents.met(made(i), kNow, 10);
  const size_t full = agents.all().size();
  const Agent kept = agents.all()[0];
  const int64_t later = kNow + Agents::kSilentUs;
  agents.met(kept.address, later, 10);
  for (uint32_t i = 0; i < 100'000; i++) agents.met(made(1 << 30 | i), later, 10);
  const std::vector<Agent> all = agents.all();
  CHECK(all.size() == full);
  CHECK(std::count_if(all.begin(), all.end(),
                      [&](const Agent& one) { return one.address == kept.address; }) == 1);
  CHECK(std::count_if(all.begin(), all.end(), [&](const Agent& one) { return one.lastUs == later; }) ==
        long(full));
}
