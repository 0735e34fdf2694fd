#pragma once
// Pairs of bfloat16 numbers in sixteen lanes, where the target has instructions for them: the low
// half of a lane comes first. Rounded to nearest even.
//
//   pack          sixteen floats of `low` in order, two a lane, then those of `high`
//   zip           lane k holds element k of `low`, then of `high`
//   firsts, seconds  the first, or the second numbers of the lanes of a, two a lane, then those of
//                 b: of zip's lanes, what pack makes of the rows
//   store_rounded sixteen floats in order, two a lane: half as many bytes
//   load_pairs, broadcast_pair, no_pairs, store
//   lanes_of      pairs as lanes, which are 0 where both of their numbers are
//   dot_pairs     c + a0 b0 + a1 b1 in float32, as AVX512_BF16 adds them
//   add_dot_pairs the same of one pair in memory with every lane, in one instruction, which
//                 compilers do not find; a broadcast apart costs a third of a clock
#include "kernels/cpu/simd/simd.h"

#if defined(UDL_TARGET_AVX512) && defined(__AVX512BF16__)
#define UDL_HAS_BFLOAT16 1

namespace udl {
namespace {

struct bf16x32 {
  __m512bh v;
};

UDL_ALWAYS_INLINE bf16x32 load_pairs(const float* p) {
  return {reinterpret_cast<__m512bh>(_mm512_loadu_ps(p))};
}
UDL_ALWAYS_INLINE bf16x32 broadcast_pair(const float* p) {
  return {reinterpret_cast<__m512bh>(_mm512_broadcastss_ps(_mm_load_ss(p)))};
}
UDL_ALWAYS_INLINE bf16x32 no_pairs() { return {reinterpret_cast<__m512bh>(_mm512_setzero_ps())}; }
UDL_ALWAYS_INLINE void store(float* p, bf16x32 a) {
  _mm512_storeu_ps(p, reinterpret_cast<__m512>(a.v));
}
UDL_ALWAYS_INLINE f32x16 lanes_of(bf16x32 a) { return {reinterpret_cast<__m512>(a.v)}; }
UDL_ALWAYS_INLINE bf16x32 pack(f32x16 low, f32x16 high) {
  return {_mm512_cvtne2ps_pbh(high.v, low.v)};
}
UDL_ALWAYS_INLINE void store_rounded(float* p, f32x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                      reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(a.v)));
}
UDL_ALWAYS_INLINE bf16x32 zip(f32x16 low, f32x16 high) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return {reinterpret_cast<__m512bh>(
      _mm512_permutexvar_epi16(order, reinterpret_cast<__m512i>(pack(low, high).v)))};
}
UDL_ALWAYS_INLINE __m512i every_other_number() {
  return _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28,
                          26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
}
UDL_ALWAYS_INLINE bf16x32 firsts(bf16x32 a, bf16x32 b) {
  return {reinterpret_cast<__m512bh>(_mm512_permutex2var_epi16(
      reinterpret_cast<__m512i>(a.v), every_other_number(), reinterpret_cast<__m512i>(b.v)))};
}
UDL_ALWAYS_INLINE bf16x32 seconds(bf16x32 a, bf16x32 b) {
  const __m512i order = _mm512_add_epi16(every_other_number(), _mm512_set1_epi16(1));
  return {reinterpret_cast<__m512bh>(_mm512_permutex2var_epi16(
      reinterpret_cast<__m512i>(a.v), order, reinterpret_cast<__m512i>(b.v)))};
}
UDL_ALWAYS_INLINE f32x16 dot_pairs(bf16x32 a, bf16x32 b, f32x16 c) {
  return {_mm512_dpbf16_ps(c.v, a.v, b.v)};
}
UDL_ALWAYS_INLINE void add_dot_pairs(const float* pair, bf16x32 b, f32x16& c) {
#if defined(UDL_NO_ASSEMBLY)
  c = dot_pairs(broadcast_pair(pair), b, c);
#else
  asm("vdpbf16ps %[pair]%{1to16%}, %[b], %[c]" : [c] "+v"(c.v) : [pair] "m"(*pair), [b] "v"(b.v));
#endif
}
UDL_ALWAYS_INLINE void keep_in_register(bf16x32& a) { asm("" : "+v"(a.v)); }

}  // namespace
}  // namespace udl

#endif
