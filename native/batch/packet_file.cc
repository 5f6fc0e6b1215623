#include "packet_file.h"

#include <iterator>

#include "../capture/receive_thread.h"
#include "datagram_kind.h"

namespace hepcapd {
namespace {

FrameIntake::Options optionsOf(const WantedPacket& wanted) {
  return {.ports = wanted.ports, .tunnels = wanted.tunnels, .hep = true};
}

// The drop that was counted last, if any was since `before`.
const char* newDrop(const IntakeCounters& before, const IntakeCounters& after) {
  for (size_t i = 0; i < after.dropped.size(); i++) {
    if (after.dropped[i] > before.dropped[i]) return dropName(Drop(i));
  }
  return "";
}

// Of the one frame that was counted; `refusal` is what the dissector says of it.
const char* reasonOf(const FrameCounters& frames, Refusal refusal) {
  if (refusal != Refusal::none) return refusalName(refusal);
  for (size_t i = 0; i < frames.ignored.size(); i++) {
    if (frames.ignored[i] > 0) return ignoredName(Ignored(i));
  }
  return "segment_held";
}

class FramePicker {
 public:
  FramePicker(Intake& intake, const WantedPacket& wanted, PacketReading& reading)
      : intake_(intake), wanted_(wanted), reading_(reading), all_(intake, optionsOf(wanted)) {}

  void pick(PcapReader& file) {
    Frame frame;
    while ((reading_.state = file.next(frame)) == ReadState::frame) {
      reading_.frame++;
      if (wanted_.frame == 0 ? isFirst(frame) : isWanted(frame)) return finish();
    }
    reading_.reason = wanted_.frame == 0 ? "no_message" : "no_such_frame";
    finish();
  }

 private:
  // True when a message came out of it; else its drops are no concern of anybody.
  bool isFirst(const Frame& frame) {
    const uint64_t before = intake_.counters().accepted;
    all_.frame(frame);
    if (intake_.counters().accepted == before) return false;
    findReceiver(frame);
    return true;
  }

  // True for the frame with the number, whatever it holds.
  bool isWanted(const Frame& frame) {
    const bool isIt = reading_.frame == wanted_.frame;
    all_.passOver(!isIt);
    const IntakeCounters before = intake_.counters();
    all_.frame(frame);
    if (!isIt) return false;
    const Refusal refusal = findReceiver(frame);
    if (intake_.counters().received > before.received) {
      reading_.reason = newDrop(before, intake_.counters());
    } else {
      lookAlone(frame, refusal, before);
    }
    return true;
  }

  // What came before may be why it held nothing: the stream had gone on, or waits for octets.
  void lookAlone(const Frame& frame, Refusal refusal, const IntakeCounters& before) {
    FrameIntake alone(intake_, optionsOf(wanted_));
    alone.frame(frame);
    const IntakeCounters after = intake_.counters();
    reading_.reason =
        after.received > before.received ? newDrop(before, after) : reasonOf(alone.counters(), refusal);
  }

  Refusal findReceiver(const Frame& frame) {
    Segment segment;
    Dissector dissector({.tunnels = wanted_.tunnels});
    const Refusal refusal = dissector.dissect(frame, segment);
    if (refusal == Refusal::none) {
      reading_.receiver = segment.destination;
      reading_.receiverPort = segment.destinationPort;
    }
    return refusal;
  }

  void finish() { reading_.frames = all_.counters(); }

  Intake& intake_;
  const WantedPacket& wanted_;
  PacketReading& reading_;
  FrameIntake all_;
};

int64_t nowUs() { return wallClockNs() / 1000; }

// Nobody knows its addresses.
CapturedMessage messageOf(Bytes octets) {
  CapturedMessage message;
  message.payload = octets;
  message.protocol = kProtocolUdp;
  message.timeUs = nowUs();
  return message;
}

void readWhole(Bytes octets, Intake& intake, PacketReading& reading) {
  const IntakeCounters before = intake.counters();
  {
    Intake::Session session(intake);
    switch (octets.size > kPacketBound ? DatagramKind::other : kindOf(octets)) {
      case DatagramKind::hep:
        reading.kind = PacketFileKind::hep;
        session.accept(octets, Arrival{nowUs(), {}, 0});
        break;
      case DatagramKind::sip:
        reading.kind = PacketFileKind::sip;
        session.accept(messageOf(octets));
        break;
      default:
        reading.reason = octets.size > kPacketBound ? "too_long" : "not_sip_or_hep";
        return;
    }
  }
  reading.reason = newDrop(before, intake.counters());
}

}  // namespace

const char* packetFileKindName(PacketFileKind kind) {
  static constexpr const char* names[] = {"capture", "hep", "sip", "other"};
  static_assert(std::size(names) == size_t(PacketFileKind::count));
  return names[size_t(kind)];
}

PacketReading readPacket(PcapReader& file, Intake& intake, const WantedPacket& wanted) {
  PacketReading reading;
  FramePicker(intake, wanted, reading).pick(file);
  if (reading.state == ReadState::notCapture) {
    reading.reason = "";
    readWhole(file.beginning(kPacketBound + 1), intake, reading);
  } else {
    reading.kind = PacketFileKind::capture;
  }
  return reading;
}

}  // namespace hepcapd
