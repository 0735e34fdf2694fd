#pragma once
// Pairs of 16-bit integers in sixteen lanes of 32 bits: the low half of a lane comes first.
//
//   pair          of two lanes whose values fit 16 bits
//   add_dot       c + a0 b0 + a1 b1, without overflow: the same pair `a` with every lane of b
//   broadcast_pair, keep_in_register   as of floats
#include <cstdint>

#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

UDL_ALWAYS_INLINE i32x16 pair(i32x16 low, i32x16 high) {
  return shift_right_logical<16>(shift_left<16>(low)) ^ shift_left<16>(high);
}

#if defined(UDL_TARGET_AVX512)

struct Int16Pair {
  __m512i v;
};
UDL_ALWAYS_INLINE Int16Pair broadcast_pair(const int32_t* p) { return {_mm512_set1_epi32(*p)}; }
UDL_ALWAYS_INLINE void keep_in_register(Int16Pair& a) { asm("" : "+v"(a.v)); }
UDL_ALWAYS_INLINE i32x16 add_dot(Int16Pair a, i32x16 b, i32x16 c) {
  return {_mm512_add_epi32(c.v, _mm512_madd_epi16(a.v, b.v))};
}

#elif defined(UDL_TARGET_AVX2)

struct Int16Pair {
  __m256i v;
};
UDL_ALWAYS_INLINE Int16Pair broadcast_pair(const int32_t* p) { return {_mm256_set1_epi32(*p)}; }
UDL_ALWAYS_INLINE void keep_in_register(Int16Pair& a) { asm("" : "+x"(a.v)); }
UDL_ALWAYS_INLINE i32x16 add_dot(Int16Pair a, i32x16 b, i32x16 c) {
  return {_mm256_add_epi32(c.low, _mm256_madd_epi16(a.v, b.low)),
          _mm256_add_epi32(c.high, _mm256_madd_epi16(a.v, b.high))};
}

#else

struct Int16Pair {
  int32_t low, high;
};
UDL_ALWAYS_INLINE int32_t low_of(int32_t pair) { return static_cast<int16_t>(pair & 0xFFFF); }
UDL_ALWAYS_INLINE int32_t high_of(int32_t pair) { return static_cast<int16_t>(pair >> 16); }

UDL_ALWAYS_INLINE Int16Pair broadcast_pair(const int32_t* p) { return {low_of(*p), high_of(*p)}; }
UDL_ALWAYS_INLINE void keep_in_register(Int16Pair&) {}
UDL_ALWAYS_INLINE i32x16 add_dot(const Int16Pair& a, const i32x16& b, const i32x16& c) {
  return lanes<i32x16>(
      [&](int k) { return c.v[k] + a.low * low_of(b.v[k]) + a.high * high_of(b.v[k]); });
}

#endif

}  // namespace
}  // namespace udl
