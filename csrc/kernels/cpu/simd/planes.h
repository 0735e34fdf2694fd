#pragma once
// A plane: one bit of each of many codes, as wide as the CPU target computes at once. With
// codes.h the only files with vector intrinsics for Hamming kernels.
//
// Additions of planes are additions of one-bit numbers, one in each bit position; a number of more
// bits is a row of planes, least significant first.
#include <cstdint>

#include "base/macros.h"

#if defined(UDL_TARGET_AVX2) || defined(UDL_TARGET_AVX512)
#include <immintrin.h>
#endif

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)

struct Plane {
  __m512i v;
};

UDL_ALWAYS_INLINE Plane load_plane(const uint64_t* p) { return {_mm512_load_si512(p)}; }
UDL_ALWAYS_INLINE void store_plane(uint64_t* p, Plane a) { _mm512_store_si512(p, a.v); }
UDL_ALWAYS_INLINE Plane broadcast_plane(uint64_t word) {
  return {_mm512_set1_epi64(static_cast<int64_t>(word))};
}
UDL_ALWAYS_INLINE Plane operator^(Plane a, Plane b) { return {_mm512_xor_si512(a.v, b.v)}; }
UDL_ALWAYS_INLINE Plane operator&(Plane a, Plane b) { return {_mm512_and_si512(a.v, b.v)}; }
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_left(Plane a) {
  return {_mm512_slli_epi64(a.v, kBits)};
}
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_right(Plane a) {
  return {_mm512_srli_epi64(a.v, kBits)};
}
UDL_ALWAYS_INLINE bool any_bit(Plane a) { return _mm512_test_epi64_mask(a.v, a.v) != 0; }
// Tables of three inputs: bit 4a + 2b + c of the constant is the result.
UDL_ALWAYS_INLINE Plane parity(Plane a, Plane b, Plane c) {
  return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0x96)};
}
UDL_ALWAYS_INLINE Plane majority(Plane a, Plane b, Plane c) {
  return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0xE8)};
}

#else

#if defined(UDL_TARGET_AVX2)

struct Plane {
  __m256i v;
};

UDL_ALWAYS_INLINE Plane load_plane(const uint64_t* p) {
  return {_mm256_load_si256(reinterpret_cast<const __m256i*>(p))};
}
UDL_ALWAYS_INLINE void store_plane(uint64_t* p, Plane a) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(p), a.v);
}
UDL_ALWAYS_INLINE Plane broadcast_plane(uint64_t word) {
  return {_mm256_set1_epi64x(static_cast<int64_t>(word))};
}
UDL_ALWAYS_INLINE Plane operator^(Plane a, Plane b) { return {_mm256_xor_si256(a.v, b.v)}; }
UDL_ALWAYS_INLINE Plane operator&(Plane a, Plane b) { return {_mm256_and_si256(a.v, b.v)}; }
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_left(Plane a) {
  return {_mm256_slli_epi64(a.v, kBits)};
}
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_right(Plane a) {
  return {_mm256_srli_epi64(a.v, kBits)};
}
UDL_ALWAYS_INLINE bool any_bit(Plane a) { return _mm256_testz_si256(a.v, a.v) == 0; }

#elif defined(__GNUC__)

/// The vectors that every processor of the architecture has, if any.
typedef uint64_t PlaneWords __attribute__((vector_size(16), may_alias));
struct Plane {
  PlaneWords v;
};

UDL_ALWAYS_INLINE Plane load_plane(const uint64_t* p) {
  return {*reinterpret_cast<const PlaneWords*>(p)};
}
UDL_ALWAYS_INLINE void store_plane(uint64_t* p, Plane a) {
  *reinterpret_cast<PlaneWords*>(p) = a.v;
}
UDL_ALWAYS_INLINE Plane broadcast_plane(uint64_t word) { return {PlaneWords{word, word}}; }
UDL_ALWAYS_INLINE Plane operator^(Plane a, Plane b) { return {a.v ^ b.v}; }
UDL_ALWAYS_INLINE Plane operator&(Plane a, Plane b) { return {a.v & b.v}; }
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_left(Plane a) {
  return {a.v << kBits};
}
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_right(Plane a) {
  return {a.v >> kBits};
}
UDL_ALWAYS_INLINE bool any_bit(Plane a) { return (a.v[0] | a.v[1]) != 0; }

#else

struct Plane {
  uint64_t v;
};

UDL_ALWAYS_INLINE Plane load_plane(const uint64_t* p) { return {*p}; }
UDL_ALWAYS_INLINE void store_plane(uint64_t* p, Plane a) { *p = a.v; }
UDL_ALWAYS_INLINE Plane broadcast_plane(uint64_t word) { return {word}; }
UDL_ALWAYS_INLINE Plane operator^(Plane a, Plane b) { return {a.v ^ b.v}; }
UDL_ALWAYS_INLINE Plane operator&(Plane a, Plane b) { return {a.v & b.v}; }
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_left(Plane a) {
  return {a.v << kBits};
}
template <int kBits>
UDL_ALWAYS_INLINE Plane shift_right(Plane a) {
  return {a.v >> kBits};
}
UDL_ALWAYS_INLINE bool any_bit(Plane a) { return a.v != 0; }

#endif

UDL_ALWAYS_INLINE Plane parity(Plane a, Plane b, Plane c) { return a ^ b ^ c; }
UDL_ALWAYS_INLINE Plane majority(Plane a, Plane b, Plane c) { return ((a ^ b) & (a ^ c)) ^ a; }

#endif

constexpr int kPlaneWords = sizeof(Plane) / sizeof(uint64_t);

/// sum + a + b: the low bit stays in `sum`, the high bit is returned.
UDL_ALWAYS_INLINE Plane add_planes(Plane& sum, Plane a, Plane b) {
  const Plane carry = majority(a, b, sum);
  sum = parity(a, b, sum);
  return carry;
}

UDL_ALWAYS_INLINE Plane add_plane(Plane& sum, Plane a) {
  const Plane carry = sum & a;
  sum = sum ^ a;
  return carry;
}

}  // namespace
}  // namespace udl
