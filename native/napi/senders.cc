#include "senders.h"

#include <arpa/inet.h>

#include <algorithm>

#include "values.h"

namespace hepcapd {
namespace {

constexpr double kMostPerSecond = 1e9;

std::string keyOf(const Agent& agent) {
  std::string key(agent.address.octets.begin(), agent.address.octets.end());
  key += char(agent.address.family);
  key += char(agent.hasId);
  return key.append(reinterpret_cast<const char*>(&agent.id), sizeof agent.id);
}

void join(Agent& sum, const Agent& more) {
  const auto add = [](uint64_t one, uint64_t other) { return one + other; };
  sum.packets += more.packets;
  sum.octets += more.octets;
  sum.versions |= more.versions;
  sum.firstUs = std::min(sum.firstUs, more.firstUs);
  sum.lastUs = std::max(sum.lastUs, more.lastUs);
  sum.aheadUs = std::max(sum.skewUs(), more.skewUs());
  std::transform(sum.refused.begin(), sum.refused.end(), more.refused.begin(), sum.refused.begin(), add);
}

std::string textOf(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = address.family == Family::ipv4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, address.octets.data(), text, sizeof text);
  return text;
}

Napi::Array versionsOf(Napi::Env env, const Agent& agent) {
  Napi::Array versions = Napi::Array::New(env);
  for (unsigned version = 0; version < 8; version++) {
    if (agent.versions >> version & 1) versions.Set(versions.Length(), double(version));
  }
  return versions;
}

Napi::Object refusedOf(Napi::Env env, const Agent& agent) {
  Napi::Object refused = Napi::Object::New(env);
  for (size_t i = 0; i < agent.refused.size(); i++) {
    if (agent.refused[i] > 0) refused.Set(dropName(Drop(i)), double(agent.refused[i]));
  }
  return refused;
}

Napi::Object agentToJs(Napi::Env env, const Agent& agent) {
  Napi::Object entry = Napi::Object::New(env);
  entry.Set("address", textOf(agent.address));
  entry.Set("id", agent.hasId ? Napi::Value(Napi::Number::New(env, agent.id)) : env.Null());
  entry.Set("packets", double(agent.packets));
  entry.Set("octets", double(agent.octets));
  entry.Set("firstSeenMs", double(agent.firstUs / 1000));
  entry.Set("lastSeenMs", double(agent.lastUs / 1000));
  entry.Set("skewMs", agent.hasSkew() ? Napi::Value(Napi::Number::New(env, double(agent.skewUs()) / 1000))
                                      : env.Null());
  entry.Set("versions", versionsOf(env, agent));
  entry.Set("refused", refusedOf(env, agent));
  return entry;
}

std::vector<std::string> keysOf(const Napi::Array& list) {
  std::vector<std::string> keys;
  for (uint32_t i = 0; i < list.Length(); i++) {
    keys.emplace_back(bytesOf(list.Get(i)).text());
    if (keys.back().empty() || keys.back().size() > kLongestKey) {
      throw Napi::RangeError::New(list.Env(), "a key has 1 to 255 octets");
    }
  }
  return keys;
}

}  // namespace

std::shared_ptr<RateLimiter> SharedLimiter::of(uint32_t perSecond) {
  if (perSecond == 0) return nullptr;
  if (!limiter_ || limiter_->perSecond() != perSecond) limiter_ = std::make_shared<RateLimiter>(perSecond);
  return limiter_;
}

Network networkOf(const Napi::Value& value) {
  const std::string text = value.ToString();
  const auto network = Network::parse(text);
  if (!network) throw Napi::RangeError::New(value.Env(), text + " is no network");
  return *network;
}

std::shared_ptr<const SenderPolicy> senderPolicyOf(const Napi::Object& rules, SharedLimiter& limiter) {
  const double rate = numberOf(rules, "ratePerSecond");
  if (!(rate >= 0 && rate <= kMostPerSecond)) {
    throw Napi::RangeError::New(rules.Env(), "ratePerSecond is 0 to 1,000,000,000");
  }
  const Napi::Array list = rules.Get("networks").As<Napi::Array>();
  std::vector<Network> networks;
  for (uint32_t i = 0; i < list.Length(); i++) networks.push_back(networkOf(list.Get(i)));
  auto policy = std::make_shared<SenderPolicy>();
  policy->allowsAll = networks.empty();
  policy->allowed = AddressSet(networks);
  policy->keys = HepKeys(keysOf(rules.Get("keys").As<Napi::Array>()));
  policy->limiter = limiter.of(uint32_t(rate));
  return policy;
}

void AgentList::add(const Intake& intake) {
  for (const Agent& agent : intake.agents(others_)) {
    const auto [known, isNew] = agents_.try_emplace(keyOf(agent), agent);
    if (!isNew) join(known->second, agent);
  }
}

Napi::Object AgentList::toJs(Napi::Env env) const {
  Napi::Array agents = Napi::Array::New(env);
  for (const auto& [key, agent] : agents_) agents.Set(agents.Length(), agentToJs(env, agent));
  Napi::Object result = Napi::Object::New(env);
  result.Set("agents", agents);
  result.Set("others", double(others_));
  return result;
}

}  // namespace hepcapd
