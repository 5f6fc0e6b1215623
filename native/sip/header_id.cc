// A perfect hash of length, first and last letter finds the one name to compare with, in any case: factors
// that are multiples of four leave nothing of the bit that tells upper case from lower. The compiler searches
// for them, so a name that is added needs nothing else.
#include "header_id.h"

#include "chars.h"
namespace hepcapd::sip {
namespace {

constexpr size_t kLongestName = 20;
constexpr size_t kBlock = 16;

struct alignas(kBlock) Name {
  char lower[kLongestName] = {};
  HeaderId id = HeaderId::other;
  uint8_t size = 0;
  uint16_t places = 0;  // one bit for each of the first sixteen letters

  constexpr Name() = default;
  constexpr Name(HeaderId header, std::string_view name)
      : id(header), size(uint8_t(name.size())), places(uint16_t((1u << std::min(name.size(), kBlock)) - 1)) {
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

constexpr size_t kSlots = 128;

struct Factors {
  size_t first = 4;
  size_t last = 4;
};
constexpr size_t slotOf(Factors factors, size_t size, uint8_t first, uint8_t last) {
  return (size + factors.first * first + factors.last * last) % kSlots;
}
constexpr size_t slotOf(Factors factors, const Name& name) {
  return slotOf(factors, name.size, uint8_t(name.lower[0]), uint8_t(name.lower[name.size - 1]));
}

constexpr bool isPerfect(Factors factors) {
  bool taken[kSlots] = {};
  for (const Name& name : kNames) {
    bool& slot = taken[slotOf(factors, name)];
    if (slot) return false;
    slot = true;
  }
  return true;
}
constexpr Factors findFactors() {
  Factors factors;
  while (!isPerfect(factors)) {
    if ((factors.first += 4) == kSlots) factors = {4, factors.last + 4};
  }
  return factors;
}
constexpr Factors kFactors = findFactors();

struct Table {
  Name names[kSlots];
};
constexpr Table makeTable() {
  Table table;
  for (const Name& name : kNames) table.names[slotOf(kFactors, name)] = name;
  return table;
}
constexpr Table kTable = makeTable();

#if defined(__SSE2__)
bool isShortName(Bytes text, const Name& name) {
  const __m128i lower = _mm_or_si128(Padded::load(text.begin(), text.end()), _mm_set1_epi8(0x20));
  const __m128i expected = _mm_load_si128(reinterpret_cast<const __m128i*>(name.lower));
  const unsigned same = unsigned(_mm_movemask_epi8(_mm_cmpeq_epi8(lower, expected)));
  return (same & name.places) == name.places;
}
#endif

// The only octet that could be taken for another here is CR for a hyphen.
bool isName(Bytes text, const Name& name) {
  if (text.size != name.size) return false;
#if defined(__SSE2__)
  if (name.size <= kBlock) return isShortName(text, name);
#endif
  return sameLetters(text, name.lower);
}

// A known name with white space behind it, or one that is not known, which has to be a token.
bool readRareName(const uint8_t* first, const uint8_t* end, HeaderId& id) {
  const uint8_t* nameEnd = end;
  while (nameEnd > first && isBlank(nameEnd[-1])) nameEnd--;
  if (nameEnd == first) return false;
  if (nameEnd < end) id = headerId({first, nameEnd});
  return id != HeaderId::other || isToken(first, nameEnd);
}

}  // namespace

HeaderId headerId(Bytes name) {
  const Name& candidate = kTable.names[slotOf(kFactors, name.size, name[0], name[name.size - 1])];
  return isName(name, candidate) ? candidate.id : HeaderId::other;
}

bool readHeader(Bytes line, const uint8_t* colon, Header& out) {
  const uint8_t* const first = line.begin();
  if (colon == first || colon >= line.end()) return false;
  out.id = headerId({first, colon});
  if (out.id == HeaderId::other && !readRareName(first, colon, out.id)) return false;
  if (out.id != HeaderId::other) out.value = trimmed(colon + 1, line.end());
  return true;
}

}  // namespace hepcapd::sip
