// One packet out of a file, put into an intake as if it had just come: for who wants to follow one message.
//
// The file is a capture, of which one frame is taken, or the octets of one HEP packet or one SIP message. A
// frame goes the way of the mirror port; a datagram that carries HEP goes that of a HEP listener. Nothing
// behind the packet is read.
#pragma once

#include "../capture/pcap_reader.h"
#include "frame_intake.h"

namespace hepcapd {

struct WantedPacket {
  uint64_t frame = 0;  // from 1, as tcpdump and tshark count; 0: the first that carries a message
  PortRange ports{};
  bool tunnels = true;
};

enum class PacketFileKind : uint8_t { capture, hep, sip, other, count };
const char* packetFileKindName(PacketFileKind kind);  // "capture", "hep", "sip", "other"

struct PacketReading {
  PacketFileKind kind = PacketFileKind::other;
  // Why there is no message: the name of a refusal, of what a frame is ignored for, or of a drop; of a frame
  // that waits for others, "fragment_held" or "segment_held"; "no_such_frame", "no_message". "" when there is
  // one.
  const char* reason = "";
  // Of a capture:
  ReadState state = ReadState::frame;  // anything else: it ended there
  uint64_t frame = 0;                  // the last that was read
  FrameCounters frames;                // of those that were looked at
  // Where the datagram went that the frame holds; Family::none when it holds none on its own.
  Address receiver;
  uint16_t receiverPort = 0;
};

// A frame counts with those before it, so that it may be the last part of a message; else it counts alone.
// Throws OsError.
PacketReading readPacket(PcapReader& file, Intake& intake, const WantedPacket& wanted);

}  // namespace hepcapd
