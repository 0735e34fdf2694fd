#pragma once
// The lanes that are not 0, NaN among them: a mask of them, or appended to a list, their values one
// after the other, and their numbers counted from `first`; how many. What follows them in sixteen
// places means nothing.
//
//   not_zero              mask of the lanes of a
//   store_not_zero        the lanes of a
//   store_pairs_not_zero  lanes where a or b is not 0, a and b of each side by side
#include "base/bits.h"
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)

UDL_ALWAYS_INLINE uint16_t not_zero(f32x16 a) {
  return _mm512_cmp_ps_mask(a.v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
UDL_ALWAYS_INLINE int store_not_zero(f32x16 a, int32_t first, float* values, int32_t* numbers) {
  const __mmask16 chosen = not_zero(a);
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  _mm512_storeu_ps(values, _mm512_maskz_compress_ps(chosen, a.v));
  _mm512_storeu_si512(numbers, _mm512_maskz_compress_epi32(
                                   chosen, _mm512_add_epi32(lane, _mm512_set1_epi32(first))));
  return popcount(chosen);
}
UDL_ALWAYS_INLINE int store_pairs_not_zero(f32x16 a, f32x16 b, int32_t first, float* pairs,
                                           int32_t* numbers) {
  const __mmask16 chosen = not_zero(a) | not_zero(b);
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  const __m512 of_a = _mm512_maskz_compress_ps(chosen, a.v);
  const __m512 of_b = _mm512_maskz_compress_ps(chosen, b.v);
  _mm512_storeu_ps(pairs, _mm512_permutex2var_ps(of_a, low, of_b));
  _mm512_storeu_ps(pairs + 16, _mm512_permutex2var_ps(of_a, high, of_b));
  _mm512_storeu_si512(numbers, _mm512_maskz_compress_epi32(
                                   chosen, _mm512_add_epi32(lane, _mm512_set1_epi32(first))));
  return popcount(chosen);
}

#else

UDL_ALWAYS_INLINE uint16_t not_zero(const f32x16& a) {
  float of_lane[16];
  store(of_lane, a);
  int mask = 0;
  for (int k = 0; k < 16; ++k) mask |= (of_lane[k] != 0.0f ? 1 : 0) << k;
  return static_cast<uint16_t>(mask);
}

// Without branches, which would be guessed wrong.

UDL_ALWAYS_INLINE int store_not_zero(const f32x16& a, int32_t first, float* values,
                                     int32_t* numbers) {
  float of_lane[16];
  store(of_lane, a);
  int n = 0;
  for (int k = 0; k < 16; ++k) {
    values[n] = of_lane[k];
    numbers[n] = first + k;
    n += of_lane[k] != 0.0f ? 1 : 0;
  }
  return n;
}
UDL_ALWAYS_INLINE int store_pairs_not_zero(const f32x16& a, const f32x16& b, int32_t first,
                                           float* pairs, int32_t* numbers) {
  float of_a[16], of_b[16];
  store(of_a, a);
  store(of_b, b);
  int n = 0;
  for (int k = 0; k < 16; ++k) {
    pairs[2 * n] = of_a[k];
    pairs[2 * n + 1] = of_b[k];
    numbers[n] = first + k;
    n += of_a[k] != 0.0f || of_b[k] != 0.0f ? 1 : 0;
  }
  return n;
}

#endif

}  // namespace
}  // namespace udl
