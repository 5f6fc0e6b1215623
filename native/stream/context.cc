#include "context.h"

namespace hepcapd {

const char* streamEventName(StreamEvent event) {
  static constexpr const char* kNames[] = {
#define X(name, text) text,
      HEPCAPD_STREAM_EVENTS(X)
#undef X
  };
  return kNames[size_t(event)];
}

}  // namespace hepcapd
