#include "capture_file.h"

#include <array>
#include <optional>
#include <vector>

#include "../sip/message.h"
#include "values.h"

namespace hepcapd {
namespace {

constexpr size_t kMostRows = 4096;
constexpr size_t kMostOctets = 4 << 20;

// Columns of SIP datagrams: the i-th payload ends at ends[i] of `octets`; 32 octets of addresses and two
// ports a row, source first.
struct SipBatch {
  size_t frames = 0;
  ReadState state = ReadState::frame;
  std::vector<uint8_t> octets;
  std::vector<uint32_t> ends;
  std::vector<double> timesUs;
  std::vector<uint8_t> addresses;
  std::vector<uint8_t> families;
  std::vector<uint16_t> ports;
  std::vector<uint8_t> protocols;
  std::array<size_t, size_t(Refusal::count)> refused{};
  size_t notUdp = 0;
  size_t notSip = 0;

  bool full() const { return ends.size() >= kMostRows || octets.size() >= kMostOctets; }

  void take(Dissector& dissector, const Frame& frame) {
    Segment datagram;
    const Refusal refusal = dissector.dissect(frame, datagram);
    frames++;
    if (refusal != Refusal::none && !isNotUdp(refusal)) {
      refused[size_t(refusal)]++;
    } else if (isNotUdp(refusal) || datagram.protocol != kProtocolUdp) {
      notUdp++;
    } else if (!looksLikeSip(datagram.payload)) {
      notSip++;
    } else {
      add(frame, datagram);
    }
  }

 private:
  // Only datagrams are sent: here a segment of TCP is no better than anything else.
  static bool isNotUdp(Refusal refusal) {
    return refusal == Refusal::notUdpOrTcp || refusal == Refusal::tcpTruncated ||
           refusal == Refusal::tcpMalformed;
  }

  void add(const Frame& frame, const Segment& datagram) {
    octets.insert(octets.end(), datagram.payload.begin(), datagram.payload.end());
    ends.push_back(uint32_t(octets.size()));
    timesUs.push_back(double(frame.timeNs / 1000));
    for (const Address* address : {&datagram.source, &datagram.destination}) {
      addresses.insert(addresses.end(), address->octets.begin(), address->octets.end());
    }
    families.push_back(uint8_t(datagram.source.family));
    ports.insert(ports.end(), {datagram.sourcePort, datagram.destinationPort});
    protocols.push_back(datagram.protocol);
  }
};

template <typename T>
Napi::Value column(Napi::Env env, const std::vector<T>& values) {
  auto array = Napi::TypedArrayOf<T>::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

Napi::Object skipped(Napi::Env env, const SipBatch& batch) {
  Napi::Object counts = Napi::Object::New(env);
  for (size_t i = 0; i < batch.refused.size(); i++) {
    if (batch.refused[i] > 0) counts.Set(refusalName(Refusal(i)), double(batch.refused[i]));
  }
  if (batch.notUdp > 0) counts.Set("not_udp", double(batch.notUdp));
  if (batch.notSip > 0) counts.Set("not_sip", double(batch.notSip));
  return counts;
}

Napi::Object toJs(Napi::Env env, const SipBatch& batch) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("frames", double(batch.frames));
  result.Set("state", batch.state == ReadState::frame ? "more" : stateName(batch.state));
  result.Set("octets", Napi::Buffer<uint8_t>::Copy(env, batch.octets.data(), batch.octets.size()));
  result.Set("ends", column(env, batch.ends));
  result.Set("timesUs", column(env, batch.timesUs));
  result.Set("addresses", column(env, batch.addresses));
  result.Set("families", column(env, batch.families));
  result.Set("ports", column(env, batch.ports));
  result.Set("protocols", column(env, batch.protocols));
  result.Set("skipped", skipped(env, batch));
  return result;
}

}  // namespace

// One batch, read on a worker.
class CaptureFile::Read : public Napi::AsyncWorker {
 public:
  explicit Read(CaptureFile& file)
      : Napi::AsyncWorker(file.Env(), "hepcapd capture file"),
        file_(file),
        keep_(Napi::Persistent(file.Value())),
        promise_(Napi::Promise::Deferred::New(file.Env())) {}

  Napi::Promise promise() const { return promise_.Promise(); }

 protected:
  // A batch ends where the reader would have to wait: a pipe's datagrams are not kept from anybody.
  void Execute() override {
    try {
      Frame frame;
      do {
        batch_.state = file_.reader_.next(frame);
        if (batch_.state != ReadState::frame) return;
        batch_.take(file_.dissector_, frame);
      } while (!batch_.full() && file_.reader_.ready());
    } catch (const OsError& error) {
      error_ = error;
    }
  }

  void OnOK() override {
    file_.reading_ = false;
    if (error_) {
      promise_.Reject(toJsError(Env(), *error_).Value());
    } else {
      promise_.Resolve(toJs(Env(), batch_));
    }
  }

  void OnError(const Napi::Error& error) override {
    file_.reading_ = false;
    promise_.Reject(error.Value());
  }

 private:
  CaptureFile& file_;
  Napi::ObjectReference keep_;
  Napi::Promise::Deferred promise_;
  SipBatch batch_;
  std::optional<OsError> error_;
};

static PcapReader openReader(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "a capture file is named by a string");
  try {
    return PcapReader::open(info[0].As<Napi::String>());
  } catch (const OsError& error) {
    throw toJsError(info.Env(), error);
  }
}

CaptureFile::CaptureFile(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<CaptureFile>(info), reader_(openReader(info)) {}

Napi::Value CaptureFile::read(const Napi::CallbackInfo& info) {
  if (reading_) throw Napi::Error::New(info.Env(), "this file is being read: await the batch before");
  reading_ = true;
  auto* read = new Read(*this);
  const Napi::Promise promise = read->promise();
  read->Queue();
  return promise;
}

Napi::Function CaptureFile::define(Napi::Env env) {
  return DefineClass(env, "CaptureFile", {InstanceMethod<&CaptureFile::read>("read")});
}

void registerCaptureFile(Napi::Env env, Napi::Object exports) {
  exports.Set("CaptureFile", CaptureFile::define(env));
}

}  // namespace hepcapd
