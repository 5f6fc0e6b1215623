// Who may send, and who does, as JavaScript says and reads it.
#pragma once

#include <napi.h>

#include <map>

#include "../batch/intake.h"

namespace hepcapd {

// The buckets of senders, one for all inputs of an engine: kept as long as the rate is the same.
class SharedLimiter {
 public:
  std::shared_ptr<RateLimiter> of(uint32_t perSecond);  // nullptr for 0

 private:
  std::shared_ptr<RateLimiter> limiter_;
};

// Of {networks: string[], keys: Buffer[], ratePerSecond}: no networks are all, no keys are none wanted, a
// rate of 0 is none. Throws a RangeError.
std::shared_ptr<const SenderPolicy> senderPolicyOf(const Napi::Object& rules, SharedLimiter& limiter);

// Throws a RangeError for what is no network.
Network networkOf(const Napi::Value& value);

// Agents of several threads, each once.
class AgentList {
 public:
  void add(const Intake& intake);
  Napi::Object toJs(Napi::Env env) const;  // {agents: AgentCounts[], others}

 private:
  std::map<std::string, Agent> agents_;
  uint64_t others_ = 0;
};

}  // namespace hepcapd
