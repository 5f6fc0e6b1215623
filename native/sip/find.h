// Looking for octets of a set, sixteen at a time where the machine has SSE2 (every x86-64 has). What is
// looked at lies in [at, end); a load may take in octets behind it, which are not looked at.
//
// How far behind, the Reach says: Anywhere takes in what lies on the same page, so it may be used on any
// text. Padded takes in what is there, so 64 octets have to be (kSipPadding): a slab has them behind every
// payload, and not asking for each load is an eighth of the time that a message takes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hepcapd::sip {

struct Anywhere;
struct Padded;

// A set of a few octets.
template <char... Octets>
struct AnyOf {
  static bool has(uint8_t octet) { return ((octet == uint8_t(Octets)) || ...); }
#if defined(__SSE2__)
  // One bit for each of the sixteen that is in the set.
  static unsigned in(__m128i octets) {
    __m128i found = _mm_setzero_si128();
    ((found = _mm_or_si128(found, _mm_cmpeq_epi8(octets, _mm_set1_epi8(Octets)))), ...);
    return unsigned(_mm_movemask_epi8(found));
  }
#endif
};

#if defined(__SSE2__)
// All ones where an octet lies between the two.
template <char First, char Last>
inline __m128i within(__m128i octets) {
  const __m128i from = _mm_sub_epi8(octets, _mm_set1_epi8(First));
  return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8(Last - First)), from);
}
#endif

// White space and controls, : ; < = > ? (which are neighbours) up to Last, the comma and the slash. Four
// comparisons where the list would be a dozen.
template <char Last>
struct UpTo {
  static bool has(uint8_t octet) {
    return octet <= ' ' || uint8_t(octet - ':') <= Last - ':' || octet == ',' || octet == '/';
  }
#if defined(__SSE2__)
  static unsigned in(__m128i octets) {
    const __m128i blank = within<'\0', ' '>(octets);
    const __m128i neighbour = within<':', Last>(octets);
    const __m128i comma = _mm_cmpeq_epi8(octets, _mm_set1_epi8(','));
    const __m128i slash = _mm_cmpeq_epi8(octets, _mm_set1_epi8('/'));
    return unsigned(
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(blank, neighbour), _mm_or_si128(comma, slash))));
  }
#endif
};
using HostEnd = UpTo<'?'>;  // what ends a host name or an IPv4 address
using PartEnd = UpTo<'@'>;  // and what ends a user besides

#if defined(__SSE2__)
namespace detail {

template <typename Word>
inline uint64_t load(const uint8_t* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Up to sixteen octets, then NULs. Two loads that overlap reach every octet between 4 and 8, and 8 and 16.
inline __m128i loadShort(const uint8_t* at, size_t count) {
  if (count == 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  uint64_t low = 0, high = 0;
  if (count > 8) {
    low = load<uint64_t>(at);
    high = load<uint64_t>(at + count - 8) >> 8 * (16 - count);
  } else if (count >= 4) {
    low = load<uint32_t>(at) | load<uint32_t>(at + count - 4) << 8 * (count - 4);
  } else if (count > 0) {
    low = uint64_t(at[0]) | uint64_t(at[count / 2]) << 8 * (count / 2) |
          uint64_t(at[count - 1]) << 8 * (count - 1);
  }
  return _mm_set_epi64x(int64_t(high), int64_t(low));
}

// A sanitizer knows less about pages than the processor: for it, nothing behind `end` is touched.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEPCAPD_EXACT_LOADS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEPCAPD_EXACT_LOADS 1
#endif
#endif

inline __m128i loadExactly(const uint8_t* at, const uint8_t* end) {
  return loadShort(at, size_t(std::clamp<ptrdiff_t>(end - at, 0, 16)));
}
inline __m128i loadAll(const uint8_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

}  // namespace detail

// Both load sixteen octets, or those before `end` and then anything. `at` is before `end`; Padded's may be up
// to 48 octets behind it.
#if defined(HEPCAPD_EXACT_LOADS)
struct Anywhere {
  static __m128i load(const uint8_t* at, const uint8_t* end) { return detail::loadExactly(at, end); }
};
struct Padded : Anywhere {};
#else
struct Anywhere {
  static __m128i load(const uint8_t* at, const uint8_t* end) {
    constexpr uintptr_t kPage = 4096;
    const bool onePage = (reinterpret_cast<uintptr_t>(at) & (kPage - 1)) <= kPage - 16;
    if (onePage) [[likely]]
      return detail::loadAll(at);
    return detail::loadExactly(at, end);
  }
};
struct Padded {
  static __m128i load(const uint8_t* at, const uint8_t*) { return detail::loadAll(at); }
};
#endif
#endif

#if defined(__SSE2__)
// The first of sixteen octets at `at` that is not `good`; the one behind them when all are.
inline const uint8_t* passed(const uint8_t* at, const uint8_t* end, __m128i good) {
  return std::min(at + __builtin_ctz(~unsigned(_mm_movemask_epi8(good))), end);
}
#endif

// The first octet of the set, or `end`.
template <typename Set, typename Reach>
inline const uint8_t* seek(const uint8_t* at, const uint8_t* end) {
#if defined(__SSE2__)
  for (; at < end; at += 16) {
    const unsigned found = Set::in(Reach::load(at, end));
    if (found != 0) return std::min(at + __builtin_ctz(found), end);
  }
  return end;
#else
  while (at < end && !Set::has(*at)) at++;
  return at;
#endif
}

template <char Octet, typename Reach>
inline const uint8_t* find(const uint8_t* at, const uint8_t* end) {
  return seek<AnyOf<Octet>, Reach>(at, end);
}

// The same for what is mostly farther than sixteen octets and nearer than 64: four looks cost less than a
// wrong guess at which of them will do.
template <char Octet, typename Reach>
inline const uint8_t* findFar(const uint8_t* at, const uint8_t* end) {
#if defined(__SSE2__)
  if constexpr (std::is_same_v<Reach, Padded>) {
    for (; at < end; at += 64) {
      const auto look = [&](size_t offset) {
        return uint64_t(AnyOf<Octet>::in(Reach::load(at + offset, end))) << offset;
      };
      const uint64_t found = look(0) | look(16) | look(32) | look(48);
      if (found != 0) return std::min(at + __builtin_ctzll(found), end);
    }
    return end;
  }
#endif
  return find<Octet, Reach>(at, end);
}

}  // namespace hepcapd::sip
