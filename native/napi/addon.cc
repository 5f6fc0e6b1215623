// Registers what JavaScript sees; lib/binding.ts types it.
#include <napi.h>

#include "bpf.h"
#include "capture_file.h"
#include "copy_rows.h"
#include "decode.h"
#include "derivation.h"
#include "engine.h"
#include "host.h"
#include "layout.h"
#include "privileges.h"
#include "row_binary.h"
#include "slab_loader.h"
#include "slabs.h"
#include "sockets.h"
#include "system.h"
#include "udp_sender.h"
#include "value_rows.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  hepcapd::registerLayout(env, exports);
  hepcapd::registerDecode(env, exports);
  hepcapd::registerEngine(env, exports);
  hepcapd::registerSlabs(env, exports);
  hepcapd::registerDerivation(env, exports);
  hepcapd::registerSlabLoader(env, exports);
  hepcapd::registerRowBinary(env, exports);
  hepcapd::registerCopyRows(env, exports);
  hepcapd::registerValueRows(env, exports);
  hepcapd::registerBpf(env, exports);
  hepcapd::registerSystem(env, exports);
  hepcapd::registerHost(env, exports);
  hepcapd::registerSockets(env, exports);
  hepcapd::registerPrivileges(env, exports);
  hepcapd::registerCaptureFile(env, exports);
  hepcapd::registerUdpSender(env, exports);
  return exports;
}
NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
