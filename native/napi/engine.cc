#include "engine.h"

#include <ctime>

#include "slabs.h"
#include "sockets.h"
#include "values.h"

namespace hepcapd {
namespace {

int64_t nowUs() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

uint32_t inputOf(const Napi::Value& value) { return value.ToNumber().Uint32Value(); }

void add(IntakeCounters& sum, const IntakeCounters& more) {
  sum.received += more.received;
  sum.accepted += more.accepted;
  for (size_t i = 0; i < sum.dropped.size(); i++) sum.dropped[i] += more.dropped[i];
  for (size_t i = 0; i < sum.odd.size(); i++) sum.odd[i] += more.odd[i];
}

Napi::Object toJs(Napi::Env env, const IntakeCounters& counters) {
  Napi::Object dropped = Napi::Object::New(env);
  for (size_t i = 0; i < counters.dropped.size(); i++) {
    if (counters.dropped[i] > 0) dropped.Set(dropName(Drop(i)), double(counters.dropped[i]));
  }
  Napi::Object odd = Napi::Object::New(env);
  for (size_t i = 0; i < counters.odd.size(); i++) {
    if (counters.odd[i] > 0) odd.Set(oddityName(Oddity(i)), double(counters.odd[i]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("received", double(counters.received));
  result.Set("accepted", double(counters.accepted));
  result.Set("dropped", dropped);
  result.Set("odd", odd);
  return result;
}

Drop dropNamed(Napi::Env env, const std::string& name) {
  for (size_t i = 0; i < size_t(Drop::count); i++) {
    if (name == dropName(Drop(i))) return Drop(i);
  }
  throw Napi::TypeError::New(env, "no drop is called " + name);
}

// `hep-udp/INPUT`, of several workers `hep-udp/INPUT/WORKER`.
std::string udpThreadName(UdpTakes takes, uint32_t input, size_t worker, size_t workers) {
  const std::string kind = takes == UdpTakes::hep ? "hep-udp" : takes == UdpTakes::sip ? "sip-udp" : "udp";
  if (workers > 1) return threadName(kind, std::to_string(input), worker);
  return kind + "/" + std::to_string(input);
}

}  // namespace

Napi::Function Engine::define(Napi::Env env) {
  return DefineClass(
      env, "Engine",
      {InstanceMethod<&Engine::listenUdp>("listenUdp"), InstanceMethod<&Engine::listenRaw>("listenRaw"),
       InstanceMethod<&Engine::readFile>("readFile"), InstanceMethod<&Engine::reading>("reading"),
       InstanceMethod<&Engine::frames>("frames"), InstanceMethod<&Engine::stop>("stop"),
       InstanceMethod<&Engine::ended>("ended"), InstanceMethod<&Engine::feed>("feed"),
       InstanceMethod<&Engine::readPacket>("readPacket"), InstanceMethod<&Engine::drop>("drop"),
       InstanceMethod<&Engine::flush>("flush"), InstanceMethod<&Engine::take>("take"),
       InstanceMethod<&Engine::counters>("counters"), InstanceMethod<&Engine::setSenders>("setSenders"),
       InstanceMethod<&Engine::admits>("admits"), InstanceMethod<&Engine::agents>("agents"),
       InstanceMethod<&Engine::pulses>("pulses"), InstanceMethod<&Engine::close>("close")});
}

// new Engine({slabBytes, slabs, flushMs, maxRows}, wake)
Engine::Engine(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Engine>(info) {
  const Napi::Object options = info[0].As<Napi::Object>();
  const size_t slabBytes = size_t(numberOf(options, "slabBytes"));
  const size_t slabs = size_t(numberOf(options, "slabs"));
  if (slabBytes < kSmallestSlab || slabBytes > UINT32_MAX / 2 || slabs == 0) {
    throw Napi::RangeError::New(info.Env(), "slabBytes is 2 MiB at least and slabs is 1 at least");
  }
  pool_ = SlabPool::create(slabBytes, slabs);
  limits_.flushMs = uint32_t(numberOf(options, "flushMs"));
  limits_.maxRows = uint32_t(numberOf(options, "maxRows"));
  wakeUp_ = Napi::ThreadSafeFunction::New(info.Env(), info[1].As<Napi::Function>(), "hepcapd engine", 0, 1);
  outbox_ = std::make_shared<Outbox>([this] { wake(); });
  frameInputs_ = std::make_unique<FrameInputs>(pool_, outbox_, limits_, [this] { wake(); });
}

Engine::~Engine() { closeAll(); }

void Engine::wake() {
  if (!closed_) wakeUp_.NonBlockingCall();
}

Intake& Engine::fedIntake(uint32_t input) {
  std::unique_ptr<Intake>& intake = fed_[input];
  if (!intake) intake = newIntake(input);
  return *intake;
}

std::unique_ptr<Intake> Engine::newIntake(uint32_t input) {
  auto intake = std::make_unique<Intake>(input, pool_, outbox_, limits_);
  if (const auto policy = senders_.find(input); policy != senders_.end()) intake->use(policy->second);
  return intake;
}

// listenUdp(input, {address, port, rcvbufBytes, workers, takes, tellsReceiver?, descriptors?}): {port,
// rcvbufBytes}
Napi::Value Engine::listenUdp(const Napi::CallbackInfo& info) {
  const uint32_t input = inputOf(info[0]);
  try {
    std::vector<UdpSocket> sockets = udpSockets(info[1].As<Napi::Object>());
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("port", double(sockets[0].port));
    result.Set("rcvbufBytes", double(sockets[0].rcvbufBytes));
    size_t worker = 0;
    for (UdpSocket& socket : sockets) {
      const std::string name = udpThreadName(socket.takes, input, worker++, sockets.size());
      listeners_.push_back(
          {input, std::make_unique<UdpInput>(std::move(socket), newIntake(input), [this] { wake(); })});
      listeners_.back().socket->nameThread(name);
    }
    return result;
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

// stop(drainMs): asks the inputs to take what their sockets hold and end; the wake-up tells when.
Napi::Value Engine::stop(const Napi::CallbackInfo& info) {
  frameInputs_->stop(info[0].ToNumber().Uint32Value());
  for (Listener& listener : listeners_) listener.socket->stop(info[0].ToNumber().Uint32Value());
  return info.Env().Undefined();
}

Napi::Value Engine::ended(const Napi::CallbackInfo& info) {
  bool ended = frameInputs_->ended();
  for (const Listener& listener : listeners_) ended = ended && listener.socket->ended();
  return Napi::Boolean::New(info.Env(), ended);
}

// feed(input, octets, ends): number. Datagrams that JavaScript has: the i-th ends at ends[i] (Uint32Array).
Napi::Value Engine::feed(const Napi::CallbackInfo& info) {
  const Bytes octets = bytesOf(info[1]);
  const auto ends = info[2].As<Napi::Uint32Array>();
  const Arrival arrival{nowUs(), {}, 0};
  Intake::Session session(fedIntake(inputOf(info[0])));
  uint32_t start = 0;
  for (size_t i = 0; i < ends.ElementLength(); i++) {
    if (ends[i] < start || ends[i] > octets.size || ends[i] - start > kPacketBound) {
      throw Napi::RangeError::New(info.Env(), "ends must ascend, within the octets, by 65,535 at most");
    }
    if (i + 1 < ends.ElementLength() && ends[i + 1] >= ends[i]) {
      prefetch(octets.from(ends[i]).first(ends[i + 1] - ends[i]));
    }
    session.accept({octets.data + start, size_t(ends[i] - start)}, arrival);
    start = ends[i];
  }
  return Napi::Number::New(info.Env(), double(ends.ElementLength()));
}

// readPacket(input, path, {frame, firstPort, lastPort, tunnels}): PacketReading
Napi::Value Engine::readPacket(const Napi::CallbackInfo& info) {
  return FrameInputs::readPacket(info, fedIntake(inputOf(info[0])));
}

// drop(input, reason, messages): counts messages of a fed input that never became rows.
Napi::Value Engine::drop(const Napi::CallbackInfo& info) {
  const Drop reason = dropNamed(info.Env(), info[1].ToString());
  Intake::Session(fedIntake(inputOf(info[0]))).drop(reason, uint64_t(info[2].ToNumber().Int64Value()));
  return info.Env().Undefined();
}

// flush(now): seals the aged slabs of the fed inputs, or all; true while rows wait.
Napi::Value Engine::flush(const Napi::CallbackInfo& info) {
  bool waiting = false;
  for (auto& [input, intake] : fed_) waiting |= Intake::Session(*intake).flush(info[0].ToBoolean());
  return Napi::Boolean::New(info.Env(), waiting);
}

// take(): {handle, input, rows}[], in the order of sealing.
Napi::Value Engine::take(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  for (const SlabHandle handle : outbox_->takeAll()) {
    list.Set(list.Length(), sealedToJs(info.Env(), handle, *SlabPool::read(handle)));
  }
  return list;
}

IntakeCounters Engine::countersOf(uint32_t input) const {
  IntakeCounters sum;
  for (const Listener& listener : listeners_) {
    if (listener.input == input) add(sum, listener.socket->counters());
  }
  if (const auto fed = fed_.find(input); fed != fed_.end()) add(sum, fed->second->counters());
  frameInputs_->eachIntake(input, [&](const Intake& intake) { add(sum, intake.counters()); });
  return sum;
}

Napi::Value Engine::counters(const Napi::CallbackInfo& info) {
  const uint32_t input = inputOf(info[0]);
  Napi::Object counters = toJs(info.Env(), countersOf(input));
  Napi::Object odd = counters.Get("odd").As<Napi::Object>();
  frameInputs_->addOddities(input, odd);
  return counters;
}

// setSenders(input, SenderRules): for the packets from here on, of the listeners that there are and those
// that will be.
Napi::Value Engine::setSenders(const Napi::CallbackInfo& info) {
  const uint32_t input = inputOf(info[0]);
  const std::shared_ptr<const SenderPolicy> policy = senderPolicyOf(info[1].As<Napi::Object>(), limiter_);
  senders_[input] = policy;
  for (Listener& listener : listeners_) {
    if (listener.input == input) listener.socket->intake().use(policy);
  }
  if (const auto fed = fed_.find(input); fed != fed_.end()) fed->second->use(policy);
  return info.Env().Undefined();
}

// admits(input, address): boolean. May this address send at all?
Napi::Value Engine::admits(const Napi::CallbackInfo& info) {
  const auto policy = senders_.find(inputOf(info[0]));
  const bool allows = policy == senders_.end() || policy->second->allows(addressOf(info[1].ToString()));
  return Napi::Boolean::New(info.Env(), allows);
}

// agents(input): {agents: AgentCounts[], others}
Napi::Value Engine::agents(const Napi::CallbackInfo& info) {
  const uint32_t input = inputOf(info[0]);
  AgentList list;
  for (const Listener& listener : listeners_) {
    if (listener.input == input) list.add(listener.socket->intake());
  }
  if (const auto fed = fed_.find(input); fed != fed_.end()) list.add(*fed->second);
  return list.toJs(info.Env());
}

// pulses(): {input, beats, hasWork}[], of the threads that receive, always in the same order.
Napi::Value Engine::pulses(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  const auto add = [&](uint32_t input, const Pulse::Reading& pulse) {
    Napi::Object one = Napi::Object::New(info.Env());
    one.Set("input", double(input));
    one.Set("beats", double(pulse.beats));
    one.Set("hasWork", pulse.hasWork);
    list.Set(list.Length(), one);
  };
  for (const Listener& listener : listeners_) add(listener.input, listener.socket->pulse());
  frameInputs_->eachPulse(add);
  return list;
}

Napi::Value Engine::close(const Napi::CallbackInfo& info) {
  closeAll();
  return info.Env().Undefined();
}

void Engine::closeAll() {
  if (closed_) return;
  frameInputs_->close();
  for (Listener& listener : listeners_) listener.socket->stop(0);
  for (Listener& listener : listeners_) listener.socket->join();
  closed_ = true;
  wakeUp_.Release();
}

Napi::Function Framer::define(Napi::Env env) {
  return DefineClass(
      env, "Framer",
      {InstanceMethod<&Framer::push>("push"), InstanceMethod<&Framer::end>("end"),
       InstanceAccessor<&Framer::pending>("pending"), InstanceAccessor<&Framer::fault>("fault")});
}

// new Framer(engine, input, {senderAddress, senderPort, receiverAddress}, fault?): `fault` names the drop
// that stands for all faults of the framing.
Framer::Framer(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Framer>(info) {
  const Napi::Object engine = info[0].As<Napi::Object>();
  engineReference_ = Napi::Persistent(engine);
  intake_ = &Engine::Unwrap(engine)->fedIntake(inputOf(info[1]));
  const Napi::Object ends = info[2].As<Napi::Object>();
  arrival_.sender = addressOf(ends.Get("senderAddress").ToString());
  arrival_.senderPort = uint16_t(numberOf(ends, "senderPort"));
  arrival_.receiver = addressOf(ends.Get("receiverAddress").ToString());
  if (info[3].IsString()) badMagic_ = badLength_ = dropNamed(info.Env(), info[3].ToString());
}

// push(octets, mayDrop): how many octets are dealt with. Fewer than given: `fault` says why the stream is
// over, or the queue is full (never with mayDrop) and the rest is to be pushed again later.
Napi::Value Framer::push(const Napi::CallbackInfo& info) {
  const bool mayWait = !info[1].ToBoolean();
  const bool faulted = framer_.fault() != HepFault::none;
  arrival_.timeUs = nowUs();
  Intake::Session session(*intake_);
  const size_t taken =
      framer_.feed(bytesOf(info[0]), [&](Bytes packet) { return take(session, packet, mayWait); });
  if (!faulted && framer_.fault() != HepFault::none) {
    session.refuse(framer_.fault() == HepFault::badMagic ? badMagic_ : badLength_, arrival_, 0);
  }
  return Napi::Number::New(info.Env(), double(taken));
}

bool Framer::take(Intake::Session& session, Bytes packet, bool mayWait) {
  if (!session.admits(arrival_, packet.size)) return true;
  if (session.accept(packet, arrival_, mayWait)) return true;
  session.putOff(arrival_);
  return false;
}

// end(reason): the connection or message is over; a packet that it cut short is a drop of that name.
Napi::Value Framer::end(const Napi::CallbackInfo& info) {
  const Drop reason = dropNamed(info.Env(), info[0].ToString());
  if (framer_.pending() > 0 && framer_.fault() == HepFault::none) {
    arrival_.timeUs = nowUs();
    Intake::Session(*intake_).refuse(reason, arrival_, framer_.pending());
  }
  framer_ = StreamFramer();
  return info.Env().Undefined();
}

Napi::Value Framer::pending(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(framer_.pending()));
}

Napi::Value Framer::fault(const Napi::CallbackInfo& info) {
  if (framer_.fault() == HepFault::none) return info.Env().Null();
  return Napi::String::New(info.Env(), faultName(framer_.fault()));
}

void registerEngine(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", Engine::define(env));
  exports.Set("Framer", Framer::define(env));
}

}  // namespace hepcapd
