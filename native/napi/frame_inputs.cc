#include "frame_inputs.h"

#include <algorithm>

#include "../batch/packet_file.h"
#include "../bpf/port_filter.h"
#include "../bpf/text.h"
#include "../capture/interface.h"
#include "../capture/ipip_socket.h"
#include "../capture/packet_ring.h"
#include "values.h"

namespace hepcapd {
namespace {

PortRange portsOf(const Napi::Object& options) {
  PortRange ports;
  if (options.Get("firstPort").IsNumber()) {
    ports.first = uint16_t(numberOf(options, "firstPort"));
    ports.last = uint16_t(numberOf(options, "lastPort"));
  }
  return ports;
}

bool isIpip(const Napi::Object& options) { return options.Get("mode").ToString().Utf8Value() == "ipip"; }

// What IPIP brings is in a tunnel.
FrameIntake::Options frameOptions(const Napi::Object& options) {
  return {.ports = portsOf(options), .tunnels = isIpip(options) || options.Get("tunnels").ToBoolean()};
}

PortFilter portFilterOf(const Napi::Object& options, uint32_t linkType) {
  const PortRange ports = portsOf(options);
  return {.linkType = linkType,
          .firstPort = ports.first,
          .lastPort = ports.last,
          .allPorts = !options.Get("firstPort").IsNumber(),
          .tunnels = options.Get("tunnels").ToBoolean(),
          .snapLength = uint32_t(numberOf(options, "snapLength"))};
}

Program parsedFilter(Napi::Env env, const std::string& text) {
  Program program;
  TextFault fault;
  if (!parseNumbers(text, program, fault)) {
    throw Napi::Error::New(env, "the filter, line " + std::to_string(fault.line) + ": " + fault.what);
  }
  return program;
}

// The filter for frames of a link type: the one that was given, the one for the ports, or none.
template <typename Compile>
Program filterOf(const Napi::Object& options, Compile&& compile) {
  const std::string text = options.Get("filterText").ToString();
  if (!text.empty()) return parsedFilter(options.Env(), text);
  return options.Get("filter").ToBoolean() ? compile() : Program{};
}

constexpr uint32_t kEthernet = 1;
constexpr uint32_t kRawIp = 101;

RingOptions ringOptions(const Napi::Object& options) {
  const std::string name = options.Get("interface").ToString();
  RingOptions ring;
  uint32_t linkType = kEthernet;
  if (!name.empty()) {
    const Interface interface = interfaceNamed(name);
    ring.interfaceIndex = interface.index;
    linkType = interface.linkType();
  }
  ring.ringBytes = size_t(numberOf(options, "ringBytes"));
  ring.snapLength = uint32_t(numberOf(options, "snapLength"));
  ring.promiscuous = options.Get("promiscuous").ToBoolean();
  const auto compiled = [&](uint32_t type) {
    return filterOf(options, [&] { return portFilter(portFilterOf(options, type)); });
  };
  ring.filter = compiled(linkType);
  ring.rawFilter = compiled(kRawIp);
  return ring;
}

IpipOptions ipipOptions(const Napi::Object& options) {
  IpipOptions ipip;
  ipip.address = options.Get("address").ToString();
  ipip.interface = options.Get("interface").ToString();
  ipip.rcvbufBytes = uint32_t(numberOf(options, "rcvbufBytes"));
  const std::vector<int> adopted = descriptorsOf(options.Get("descriptors"));
  if (adopted.size() == ipip.adopted.size()) std::copy(adopted.begin(), adopted.end(), ipip.adopted.begin());
  ipip.filter = filterOf(options, [&] { return ipipFilter(portFilterOf(options, kRawIp)); });
  return ipip;
}

struct Opened {
  std::unique_ptr<FrameSource> source;
  double bufferBytes;
};

// The sources of one input. Several rings share the flows of an interface; IPIP sockets cannot: each would
// see every packet.
std::vector<Opened> openSources(const Napi::Object& options) {
  std::vector<Opened> opened;
  if (isIpip(options)) {
    auto socket = IpipSocket::open(ipipOptions(options));
    const double bytes = socket->rcvbufBytes();
    opened.push_back({std::move(socket), bytes});
    return opened;
  }
  RingOptions ring = ringOptions(options);
  const uint32_t children = uint32_t(numberOf(options, "children"));
  ring.fanoutGroup = children > 1 ? kNewFanout : kNoFanout;
  for (uint32_t i = 0; i < children; i++) {
    auto one = PacketRing::open(ring);
    ring.fanoutGroup = one->fanoutGroup();
    const double bytes = double(one->ringBytes());
    opened.push_back({std::move(one), bytes});
  }
  return opened;
}

Napi::Object toJs(Napi::Env env, const FrameCounters& counters) {
  Napi::Object ignored = Napi::Object::New(env);
  for (size_t i = 0; i < counters.refused.size(); i++) {
    if (counters.refused[i] > 0) ignored.Set(refusalName(Refusal(i)), double(counters.refused[i]));
  }
  for (size_t i = 0; i < counters.ignored.size(); i++) {
    if (counters.ignored[i] > 0) ignored.Set(ignoredName(Ignored(i)), double(counters.ignored[i]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("messages", double(counters.messages));
  result.Set("held", double(counters.held));
  result.Set("ignored", ignored);
  return result;
}

size_t octetsOf(const Address& address) {
  return address.family == Family::ipv6 ? 16 : address.family == Family::ipv4 ? 4 : 0;
}

Napi::Object toJs(Napi::Env env, const PacketReading& reading) {
  Napi::Object result = Napi::Object::New(env);
  const auto& octets = reading.receiver.octets;
  result.Set("kind", packetFileKindName(reading.kind));
  result.Set("reason", reading.reason);
  result.Set("state", reading.state == ReadState::frame ? "more" : stateName(reading.state));
  result.Set("frame", double(reading.frame));
  result.Set("frames", toJs(env, reading.frames));
  result.Set("receiver", Napi::Buffer<uint8_t>::Copy(env, octets.data(), octetsOf(reading.receiver)));
  result.Set("receiverPort", double(reading.receiverPort));
  return result;
}

void add(FrameCounters& sum, const FrameCounters& more) {
  sum.messages += more.messages;
  sum.held += more.held;
  for (size_t i = 0; i < sum.refused.size(); i++) sum.refused[i] += more.refused[i];
  for (size_t i = 0; i < sum.ignored.size(); i++) sum.ignored[i] += more.ignored[i];
}

void addTo(Napi::Object& counts, const std::string& name, uint64_t more) {
  if (more == 0) return;
  const Napi::Value known = counts.Get(name);
  counts.Set(name, double(more) + (known.IsNumber() ? known.ToNumber().DoubleValue() : 0));
}

std::string rawThreadName(const Napi::Object& options, size_t child) {
  const std::string interface = options.Get("interface").ToString();
  return threadName(isIpip(options) ? "ipip" : "raw", interface.empty() ? "any" : interface, child);
}

const char* stateOf(const FileInput& file) {
  if (!file.ended()) return "more";
  if (!file.error().empty()) return "failed";
  return file.state() == ReadState::frame ? "stopped" : stateName(file.state());
}

}  // namespace

FrameInputs::Channel FrameInputs::channel(uint32_t input, const FrameIntake::Options& options) const {
  Channel channel{input, std::make_unique<Intake>(input, pool_, outbox_, limits_), nullptr, nullptr, nullptr};
  channel.frames = std::make_unique<FrameIntake>(*channel.intake, options);
  return channel;
}

// listenRaw(input, RawOptions): RawListening[], one a thread
Napi::Value FrameInputs::listenRaw(const Napi::CallbackInfo& info) {
  const uint32_t input = info[0].ToNumber().Uint32Value();
  const Napi::Object options = info[1].As<Napi::Object>();
  try {
    Napi::Array list = Napi::Array::New(info.Env());
    for (Opened& opened : openSources(options)) {
      Channel one = channel(input, frameOptions(options));
      one.raw = std::make_unique<RawInput>(std::move(opened.source), *one.frames, [this] { wake_(); });
      one.raw->nameThread(rawThreadName(options, list.Length()));
      channels_.push_back(std::move(one));
      Napi::Object listening = Napi::Object::New(info.Env());
      listening.Set("bufferBytes", opened.bufferBytes);
      list.Set(list.Length(), listening);
    }
    return list;
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

// readFile(input, path, FrameOptions)
Napi::Value FrameInputs::readFile(const Napi::CallbackInfo& info) {
  Channel one = channel(info[0].ToNumber().Uint32Value(), frameOptions(info[2].As<Napi::Object>()));
  try {
    one.file = std::make_unique<FileInput>(info[1].ToString(), *one.frames, [this] { wake_(); });
    one.file->nameThread("file/" + std::to_string(one.input));
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
  channels_.push_back(std::move(one));
  return info.Env().Undefined();
}

// reading(input): FileReading
Napi::Value FrameInputs::reading(const Napi::CallbackInfo& info) const {
  const uint32_t input = info[0].ToNumber().Uint32Value();
  for (const Channel& channel : channels_) {
    if (channel.input != input || !channel.file) continue;
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("state", stateOf(*channel.file));
    result.Set("octets", double(channel.file->position()));
    result.Set("error", channel.file->ended() ? channel.file->error() : "");
    return result;
  }
  throw Napi::Error::New(info.Env(), "this input reads no file");
}

// frames(input): FrameCounters | null
Napi::Value FrameInputs::readPacket(const Napi::CallbackInfo& info, Intake& intake) {
  const Napi::Object options = info[2].As<Napi::Object>();
  const WantedPacket wanted{.frame = uint64_t(numberOf(options, "frame")),
                            .ports = portsOf(options),
                            .tunnels = options.Get("tunnels").ToBoolean()};
  try {
    PcapReader file = PcapReader::open(info[1].ToString());
    return toJs(info.Env(), hepcapd::readPacket(file, intake, wanted));
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

Napi::Value FrameInputs::frames(const Napi::CallbackInfo& info) const {
  const uint32_t input = info[0].ToNumber().Uint32Value();
  FrameCounters sum;
  bool known = false;
  for (const Channel& channel : channels_) {
    if (channel.input != input) continue;
    add(sum, channel.frames->counters());
    known = true;
  }
  return known ? toJs(info.Env(), sum) : info.Env().Null();
}

void FrameInputs::addOddities(uint32_t input, Napi::Object& odd) const {
  for (const Channel& channel : channels_) {
    if (channel.input != input) continue;
    const FrameCounters counters = channel.frames->counters();
    addTo(odd, "fragments/timed_out", counters.fragments.timedOut);
    addTo(odd, "fragments/evicted", counters.fragments.evicted);
    addTo(odd, "fragments/contradicted", counters.fragments.contradicted);
    for (size_t i = 0; i < size_t(StreamEvent::count); i++) {
      const auto event = StreamEvent(i);
      if (event == StreamEvent::messages) continue;
      addTo(odd, std::string("stream/") + streamEventName(event), counters.streams[event]);
    }
  }
}

void FrameInputs::stop(uint32_t drainMs) {
  for (Channel& channel : channels_) {
    if (channel.raw) channel.raw->stop(drainMs);
    if (channel.file) channel.file->stop(drainMs);
  }
}

bool FrameInputs::ended() const {
  return std::all_of(channels_.begin(), channels_.end(), [](const Channel& channel) {
    return channel.raw ? channel.raw->ended() : channel.file->ended();
  });
}

void FrameInputs::close() {
  stop(0);
  for (Channel& channel : channels_) {
    if (channel.raw) channel.raw->join();
    if (channel.file) channel.file->join();
  }
}

}  // namespace hepcapd
