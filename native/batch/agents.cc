#include "agents.h"

#include <algorithm>

#include "../hep/chunks.h"
#include "../senders/address_hash.h"

namespace hepcapd {
namespace {

bool is(const Agent& agent, const Address& sender, bool hasId, uint32_t id) {
  return agent.id == id && agent.hasId == hasId && agent.address == sender;
}

bool carries(const HepPacket& hep, ChunkType type) { return hep.present & chunkBit(unsigned(type)); }

void noteSkew(Agent& agent, int64_t aheadUs, int64_t nowUs) {
  // a window that lies ahead of us is of a clock that has stepped back
  if (nowUs - agent.windowUs >= Agents::kWindowUs || nowUs < agent.windowUs) {
    agent.earlierAheadUs = agent.aheadUs;
    agent.aheadUs = aheadUs;
    agent.windowUs = nowUs;
  }
  agent.aheadUs = std::max(agent.aheadUs, aheadUs);
}

}  // namespace

void Agents::met(const Address& sender, int64_t nowUs, size_t octets, const HepPacket& hep) {
  const bool hasId = carries(hep, ChunkType::agentId);
  Agent* const agent = count(sender, hasId, hep.agentId, nowUs, octets);
  if (!agent) return;
  agent->versions |= uint8_t(1 << hep.version);
  if (!carries(hep, ChunkType::seconds)) return;
  noteSkew(*agent, int64_t(hep.seconds) * 1'000'000 + hep.microseconds - nowUs, nowUs);
}

void Agents::met(const Address& sender, int64_t nowUs, size_t octets) {
  if (Agent* const agent = count(sender, false, 0, nowUs, octets)) agent->versions |= 1;
}

void Agents::refused(const Address& sender, int64_t nowUs, size_t octets, Drop why) {
  if (Agent* const agent = count(sender, false, 0, nowUs, octets)) agent->refused[size_t(why)]++;
}

Agent* Agents::count(const Address& sender, bool hasId, uint32_t id, int64_t nowUs, size_t octets) {
  if (sender.family == Family::none) return nullptr;
  if (!last_ || !is(*last_, sender, hasId, id)) {
    Agent* const found = find(sender, hasId, id, nowUs);
    if (!found) {
      others_++;
      return nullptr;
    }
    last_ = found;
  }
  last_->packets++;
  last_->octets += octets;
  last_->lastUs = nowUs;
  return last_;
}

Agent* Agents::find(const Address& sender, bool hasId, uint32_t id, int64_t nowUs) {
  if (!sets_) sets_ = std::make_unique<Set[]>(kSets);
  Set& set = sets_[addressHash(sender, uint64_t{id} << 1 | hasId) % kSets];
  Agent* silent = &set[0];
  for (Agent& agent : set) {
    if (is(agent, sender, hasId, id)) return &agent;
    if (agent.lastUs < silent->lastUs) silent = &agent;
  }
  const bool isFree = silent->address.family == Family::none;
  if (!isFree && nowUs - silent->lastUs < kSilentUs) return nullptr;
  *silent = Agent{};
  silent->address = sender;
  silent->hasId = hasId;
  silent->id = id;
  silent->firstUs = nowUs;
  return silent;
}

std::vector<Agent> Agents::all() const {
  std::vector<Agent> agents;
  for (size_t i = 0; sets_ && i < kSets; i++) {
    for (const Agent& agent : sets_[i]) {
      if (agent.address.family != Family::none) agents.push_back(agent);
    }
  }
  return agents;
}

}  // namespace hepcapd
