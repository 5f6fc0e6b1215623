// The filters of a packet ring, made to fit its snap length and the interfaces that it is on.
#pragma once

#include "../bpf/program.h"

namespace hepcapd {

// The program with every accepted length cut to `snapLength`; the empty program accepts all.
Program cutTo(Program program, uint32_t snapLength);

// For a socket on every interface: `ethernet` judges frames with an Ethernet header, `raw` all others.
Program byHardware(const Program& ethernet, const Program& raw);

}  // namespace hepcapd
