// A perfect hash of length, first and last letter finds the one name to compare with. The compiler searches
// for it, so a name that is added needs nothing else.
#include "header_id.h"

#include "chars.h"
namespace hepcapd::sip {
namespace {

constexpr size_t kLongestName = 20;

struct Name {
  HeaderId id = HeaderId::other;
  uint8_t size = 0;
  char lower[kLongestName + 1] = {};

  constexpr Name() = default;
  constexpr Name(HeaderId header, std::string_view name) : id(header), size(uint8_t(name.size())) {
    for (size_t i = 0; i < name.size(); i++) lower[i] = name[i];
  }
};

constexpr Name kNames[] = {
    {HeaderId::assertedIdentity, "p-asserted-identity"},
    {HeaderId::authorization, "authorization"},
    {HeaderId::callId, "call-id"},
    {HeaderId::callId, "i"},
    {HeaderId::contact, "contact"},
    {HeaderId::contact, "m"},
    {HeaderId::contentType, "content-type"},
    {HeaderId::contentType, "c"},
    {HeaderId::cseq, "cseq"},
    {HeaderId::diversion, "diversion"},
    {HeaderId::from, "from"},
    {HeaderId::from, "f"},
    {HeaderId::pRtpStat, "p-rtp-stat"},
    {HeaderId::preferredIdentity, "p-preferred-identity"},
    {HeaderId::proxyAuthorization, "proxy-authorization"},
    {HeaderId::reason, "reason"},
    {HeaderId::to, "to"},
    {HeaderId::to, "t"},
    {HeaderId::userAgent, "user-agent"},
    {HeaderId::via, "via"},
    {HeaderId::via, "v"},
    {HeaderId::xCid, "x-cid"},
    {HeaderId::xOip, "x-oip"},
    {HeaderId::xRtpStat, "x-rtp-stat"},
};

constexpr unsigned kSlotBits = 6;

constexpr uint32_t slotOf(uint32_t factor, size_t size, uint8_t first, uint8_t last) {
  return (uint32_t(size) | uint32_t(first | 0x20) << 8 | uint32_t(last | 0x20) << 16) * factor >>
         (32 - kSlotBits);
}
constexpr uint32_t slotOf(uint32_t factor, const Name& name) {
  return slotOf(factor, name.size, uint8_t(name.lower[0]), uint8_t(name.lower[name.size - 1]));
}

constexpr bool isPerfect(uint32_t factor) {
  uint64_t taken = 0;
  for (const Name& name : kNames) {
    const uint64_t slot = uint64_t{1} << slotOf(factor, name);
    if (taken & slot) return false;
    taken |= slot;
  }
  return true;
}
constexpr uint32_t findFactor() {
  uint32_t factor = 0x9e3779b1;
  while (!isPerfect(factor)) factor = factor * 1664525 + 1013904223;
  return factor;
}
constexpr uint32_t kFactor = findFactor();

struct Slots {
  Name names[1 << kSlotBits];
};
constexpr Slots makeSlots() {
  Slots slots;
  for (const Name& name : kNames) slots.names[slotOf(kFactor, name)] = name;
  return slots;
}
constexpr Slots kSlots = makeSlots();

// The only octet that could be taken for another here is CR for a hyphen.
bool isName(Bytes text, const Name& name) { return text.size == name.size && sameLetters(text, name.lower); }

}  // namespace

HeaderId headerId(Bytes name) {
  const Name& candidate = kSlots.names[slotOf(kFactor, name.size, name[0], name[name.size - 1])];
  return isName(name, candidate) ? candidate.id : HeaderId::other;
}

// A known name is a token, so only the others are looked at octet by octet.
bool readHeader(Bytes line, const uint8_t* colon, Header& out) {
  if (colon >= line.end()) return false;
  const uint8_t* nameEnd = colon;
  while (nameEnd > line.begin() && isBlank(nameEnd[-1])) nameEnd--;
  if (nameEnd == line.begin()) return false;
  out.id = headerId({line.begin(), nameEnd});
  if (out.id == HeaderId::other) return isToken(line.begin(), nameEnd);
  out.value = trimmed(colon + 1, line.end());
  return true;
}

}  // namespace hepcapd::sip
