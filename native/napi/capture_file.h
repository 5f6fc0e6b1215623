// A capture file as JavaScript sees it: SIP datagrams in batches, everything else counted by its reason.
//
// Threads: read() works on a libuv worker, one at a time; the object is alive until its promise settles.
#pragma once

#include <napi.h>

#include "../capture/pcap_reader.h"
#include "../decode/dissector.h"

namespace hepcapd {

void registerCaptureFile(Napi::Env env, Napi::Object exports);

class CaptureFile : public Napi::ObjectWrap<CaptureFile> {
 public:
  static Napi::Function define(Napi::Env env);
  // new CaptureFile(path): throws a SystemError.
  explicit CaptureFile(const Napi::CallbackInfo& info);

 private:
  class Read;
  Napi::Value read(const Napi::CallbackInfo& info);

  PcapReader reader_;
  Dissector dissector_;  // keeps fragments from one batch to the next
  bool reading_ = false;
};

}  // namespace hepcapd
