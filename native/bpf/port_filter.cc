#include "port_filter.h"

#include <arpa/inet.h>

#include <initializer_list>

#include "assembler.h"

namespace hepcapd {
namespace {

using Label = Assembler::Label;

// The pcap registry; see decode/link.cc for what stands before the IP header.
enum LinkType : uint32_t {
  kNull = 0,
  kEthernet = 1,
  kRawBsd = 12,
  kRawOpenBsd = 14,
  kRaw = 101,
  kLoop = 108,
  kCooked = 113,
  kIpv4 = 228,
  kIpv6 = 229,
  kCooked2 = 276,
};

constexpr int kMostTags = 2;
constexpr uint32_t kWholeFrame = 262144;  // what tcpdump calls all of it
constexpr uint32_t kFragmentOffset = 0x1fff;

constexpr auto kEtherTags = {0x8100u, 0x88a8u, 0x9100u};
constexpr uint32_t kEtherIpv4 = 0x0800;
constexpr uint32_t kEtherIpv6 = 0x86dd;
constexpr uint32_t kEtherMpls = 0x8847;

constexpr uint32_t kUdp = 17;
constexpr auto kWithPorts = {132u, 6u, kUdp};  // SCTP, TCP
constexpr auto kTunnels = {4u, 41u, 47u};      // IPv4 and IPv6 inside of IP, GRE
constexpr uint32_t kFragmentHeader = 44;
constexpr auto kExtensions = {0u, 43u, 60u};           // hop-by-hop, routing, destination options
constexpr auto kTunnelPorts = {4789u, 6081u, 37008u};  // VXLAN, GENEVE, TZSP

// Where a header begins: at a fixed octet, or so many behind the index register.
struct Place {
  uint16_t mode;  // BPF_ABS or BPF_IND
  uint32_t at;
};

class Compiler {
 public:
  explicit Compiler(const PortFilter& filter)
      : filter_(filter), accept_(code_.newLabel()), reject_(code_.newLabel()) {}

  Program frames() {
    link();
    return finish();
  }

  Program packetsInside() {
    code_.add(BPF_LDX | BPF_B | BPF_MSH, 0);
    rawIp({BPF_IND, 0});
    return finish();
  }

 private:
  void link() {
    switch (filter_.linkType) {
      case kEthernet:
        return typed(12, 14, kMostTags);
      case kCooked:
        return typed(14, 16, kMostTags);
      case kCooked2:
        return typed(0, 20, kMostTags);
      case kNull:  // in the order of the host that captured: this one
        return family(htonl(2), htonl(10));
      case kLoop:
        return family(2, 10);
      case kRaw:
      case kRawBsd:
      case kRawOpenBsd:
        return rawIp({BPF_ABS, 0});
      case kIpv4:
        return ipv4({BPF_ABS, 0});
      case kIpv6:
        return ipv6({BPF_ABS, 0});
      default:
        return code_.jump(accept_);
    }
  }

  Program finish() {
    code_.place(accept_);
    code_.add(BPF_RET | BPF_K, filter_.snapLength ? filter_.snapLength : kWholeFrame);
    code_.place(reject_);
    code_.add(BPF_RET | BPF_K, 0);
    return code_.assemble();
  }

  // An EtherType, and what it announces.
  void typed(uint32_t typeAt, uint32_t networkAt, int tagsLeft) {
    code_.add(BPF_LD | BPF_H | BPF_ABS, typeAt);
    if (filter_.tunnels) code_.jumpIf(BPF_JEQ, kEtherMpls, accept_);
    const Label tagged = code_.newLabel();
    if (tagsLeft > 0) jumpIfAny(kEtherTags, tagged);
    ipOf(kEtherIpv4, kEtherIpv6, {BPF_ABS, networkAt});
    code_.place(tagged);
    if (tagsLeft > 0) typed(networkAt + 2, networkAt + 4, tagsLeft - 1);
  }

  void family(uint32_t v4, uint32_t v6) {
    code_.add(BPF_LD | BPF_W | BPF_ABS, 0);
    ipOf(v4, v6, {BPF_ABS, 4});
  }

  void rawIp(Place ip) {
    load(BPF_B, ip, 0);
    code_.add(BPF_ALU | BPF_AND | BPF_K, 0xf0);
    ipOf(0x40, 0x60, ip);
  }

  // The accumulator says which IP stands at `ip`. Never goes on.
  void ipOf(uint32_t v4, uint32_t v6, Place ip) {
    const Label isIpv6 = code_.newLabel();
    code_.jumpIf(BPF_JEQ, v6, isIpv6);
    code_.jumpUnless(BPF_JEQ, v4, reject_);
    ipv4(ip);
    code_.place(isIpv6);
    ipv6(ip);
  }

  // The protocol is read first, as tcpdump does: a frame that ends before it is refused, whatever else it
  // has.
  void ipv4(Place ip) {
    const Label withPorts = code_.newLabel();
    load(BPF_B, ip, 9);
    jumpIfAny(kWithPorts, withPorts);
    if (filter_.tunnels) jumpIfAny(kTunnels, accept_);
    load(BPF_H, ip, 6);
    code_.jumpIf(BPF_JSET, kFragmentOffset, accept_);
    code_.jump(reject_);

    code_.place(withPorts);
    code_.add(BPF_ST, kProtocolCell);
    load(BPF_H, ip, 6);
    code_.jumpIf(BPF_JSET, kFragmentOffset, accept_);
    indexHeaderEnd(ip);
    ports({BPF_IND, ip.at}, [&] { code_.add(BPF_LD | BPF_MEM, kProtocolCell); });
  }

  // Makes the index register count from where the IPv4 header ends, options and all.
  void indexHeaderEnd(Place ip) {
    if (ip.mode == BPF_ABS) return code_.add(BPF_LDX | BPF_B | BPF_MSH, ip.at);
    load(BPF_B, ip, 0);
    code_.add(BPF_ALU | BPF_AND | BPF_K, 0x0f);
    code_.add(BPF_ALU | BPF_LSH | BPF_K, 2);
    code_.add(BPF_ALU | BPF_ADD | BPF_X);
    code_.add(BPF_MISC | BPF_TAX);
  }

  void ipv6(Place ip) {
    const auto loadNextHeader = [&] { load(BPF_B, ip, 6); };
    const Label withPorts = code_.newLabel();
    loadNextHeader();
    jumpIfAny(kWithPorts, withPorts);
    code_.jumpIf(BPF_JEQ, kFragmentHeader, accept_);
    if (filter_.ipv6Chains) jumpIfAny(kExtensions, accept_);
    if (filter_.ipv6Chains && filter_.tunnels) jumpIfAny(kTunnels, accept_);
    code_.jump(reject_);

    code_.place(withPorts);
    ports({ip.mode, ip.at + 40}, loadNextHeader);
  }

  // Source and destination port begin TCP, UDP and SCTP alike. The range is judged before the tunnels, as
  // tcpdump does: of a frame that ends between the two ports only a source port in the range counts.
  template <typename LoadProtocol>
  void ports(Place transport, LoadProtocol loadProtocol) {
    for (uint32_t at : {0, 2}) {
      load(BPF_H, transport, at);
      acceptRange();
    }
    if (filter_.tunnels) {
      loadProtocol();
      code_.jumpUnless(BPF_JEQ, kUdp, reject_);
      for (uint32_t at : {0, 2}) {
        load(BPF_H, transport, at);
        jumpIfAny(kTunnelPorts, accept_);
      }
    }
    code_.jump(reject_);
  }

  void acceptRange() {
    const Label outside = code_.newLabel();
    code_.jumpUnless(BPF_JGE, filter_.allPorts ? 0 : filter_.firstPort, outside);
    code_.jumpUnless(BPF_JGT, filter_.allPorts ? UINT16_MAX : filter_.lastPort, accept_);
    code_.place(outside);
  }

  void jumpIfAny(std::initializer_list<uint32_t> values, Label yes) {
    for (uint32_t value : values) code_.jumpIf(BPF_JEQ, value, yes);
  }

  void load(uint16_t size, Place place, uint32_t offset) {
    code_.add(BPF_LD | size | place.mode, place.at + offset);
  }

  static constexpr uint32_t kProtocolCell = 0;

  const PortFilter& filter_;
  Assembler code_;
  Label accept_;
  Label reject_;
};

}  // namespace

Program portFilter(const PortFilter& filter) { return Compiler(filter).frames(); }

Program ipipFilter(const PortFilter& filter) { return Compiler(filter).packetsInside(); }

}  // namespace hepcapd
