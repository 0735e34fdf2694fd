#pragma once
// Sixteen lanes: one row of a tile. Every kernel is written once over these types; this file says
// what they are on each CPU target. With lists.h, which makes lists of
// ones, it is the only file with vector intrinsics for RBM kernels.
//
//   f32x16, i32x16   sixteen floats, sixteen 32-bit integers
//   i16x16           sixteen 16-bit integers, for narrow tables
//   u64x8            eight 64-bit integers, for 32 x 32 -> 64 bit products and for words of states
//   mask bits        uint16_t, bit k for lane k
//
// min and max follow x86: a < b ? a : b, so a NaN in `a` gives b. Integer operations wrap.
// No operation contracts a multiply and an add except multiply_add, which may be fused or not and
// is for results that are promised only to agree, never for bits.
#include <bitset>
#include <cstdint>
#include <cstring>

#include "base/fixed.h"
#include "base/macros.h"
#include "base/math.h"
#include "kernels/cpu/simd/prefetch.h"

#if defined(UDL_TARGET_AVX2) || defined(UDL_TARGET_AVX512)
#include <immintrin.h>
#endif

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)

struct f32x16 {
  __m512 v;
};
struct i32x16 {
  __m512i v;
};

UDL_ALWAYS_INLINE f32x16 load(const float* p) { return {_mm512_loadu_ps(p)}; }
UDL_ALWAYS_INLINE i32x16 load(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
UDL_ALWAYS_INLINE void store(float* p, f32x16 a) { _mm512_storeu_ps(p, a.v); }
UDL_ALWAYS_INLINE void store(int32_t* p, i32x16 a) { _mm512_storeu_si512(p, a.v); }
UDL_ALWAYS_INLINE f32x16 broadcast(float x) { return {_mm512_set1_ps(x)}; }
UDL_ALWAYS_INLINE i32x16 broadcast(int32_t x) { return {_mm512_set1_epi32(x)}; }

UDL_ALWAYS_INLINE f32x16 operator+(f32x16 a, f32x16 b) { return {_mm512_add_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 operator-(f32x16 a, f32x16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 operator*(f32x16 a, f32x16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 operator/(f32x16 a, f32x16 b) { return {_mm512_div_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 multiply_add(f32x16 a, f32x16 b, f32x16 c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
UDL_ALWAYS_INLINE f32x16 min(f32x16 a, f32x16 b) { return {_mm512_min_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 max(f32x16 a, f32x16 b) { return {_mm512_max_ps(a.v, b.v)}; }
/// Bits of |a|: as integers they order like the magnitudes, with infinity and then NaN on top.
UDL_ALWAYS_INLINE i32x16 magnitude_bits(f32x16 a) {
  return {_mm512_and_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(0x7FFFFFFF))};
}
/// -1, 0 or +1; 0 for NaN.
UDL_ALWAYS_INLINE f32x16 sign(f32x16 a) {
  const __m512 zero = _mm512_setzero_ps(), one = _mm512_set1_ps(1.0f);
  const __m512 positive = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a.v, zero, _CMP_GT_OQ), one);
  return {_mm512_mask_sub_ps(positive, _mm512_cmp_ps_mask(a.v, zero, _CMP_LT_OQ), zero, one)};
}
UDL_ALWAYS_INLINE uint16_t less(f32x16 a, f32x16 b) {
  return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ);
}

UDL_ALWAYS_INLINE i32x16 operator+(i32x16 a, i32x16 b) { return {_mm512_add_epi32(a.v, b.v)}; }
UDL_ALWAYS_INLINE i32x16 operator-(i32x16 a, i32x16 b) { return {_mm512_sub_epi32(a.v, b.v)}; }
UDL_ALWAYS_INLINE i32x16 operator^(i32x16 a, i32x16 b) { return {_mm512_xor_si512(a.v, b.v)}; }
UDL_ALWAYS_INLINE i32x16 max(i32x16 a, i32x16 b) { return {_mm512_max_epi32(a.v, b.v)}; }
UDL_ALWAYS_INLINE i32x16 min(i32x16 a, i32x16 b) { return {_mm512_min_epi32(a.v, b.v)}; }
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_left(i32x16 a) {
  return {_mm512_slli_epi32(a.v, kBits)};
}
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_right_logical(i32x16 a) {
  return {_mm512_srli_epi32(a.v, kBits)};
}

UDL_ALWAYS_INLINE f32x16 to_float(i32x16 a) { return {_mm512_cvtepi32_ps(a.v)}; }
UDL_ALWAYS_INLINE i32x16 round_to_int(f32x16 a) { return {_mm512_cvtps_epi32(a.v)}; }
UDL_ALWAYS_INLINE f32x16 float_from_bits(i32x16 a) { return {_mm512_castsi512_ps(a.v)}; }

struct u64x8 {
  __m512i v;
};
/// Lanes 0, 2, .. 14 and 1, 3, .. 15 in the low words of eight 64-bit lanes; the high words hold
/// anything.
UDL_ALWAYS_INLINE u64x8 even_lanes(i32x16 a) { return {a.v}; }
UDL_ALWAYS_INLINE u64x8 odd_lanes(i32x16 a) { return {_mm512_srli_epi64(a.v, 32)}; }
/// Low words of both back in their places.
UDL_ALWAYS_INLINE i32x16 merge_lanes(u64x8 even, u64x8 odd) {
  return {_mm512_mask_mov_epi32(even.v, 0xAAAA, _mm512_slli_epi64(odd.v, 32))};
}
/// Whole 64-bit products of the low words with m.
UDL_ALWAYS_INLINE u64x8 multiply_low_words(u64x8 a, uint32_t m) {
  return {_mm512_mul_epu32(a.v, _mm512_set1_epi64(m))};
}
UDL_ALWAYS_INLINE u64x8 high_words(u64x8 a) { return {_mm512_srli_epi64(a.v, 32)}; }
UDL_ALWAYS_INLINE u64x8 xor3(u64x8 a, u64x8 b, uint32_t c) {
  return {_mm512_ternarylogic_epi64(a.v, b.v, _mm512_set1_epi64(c), 0x96)};
}
UDL_ALWAYS_INLINE u64x8 load_words(const uint64_t* p) { return {_mm512_loadu_si512(p)}; }
UDL_ALWAYS_INLINE u64x8 broadcast_word(uint64_t x) {
  return {_mm512_set1_epi64(static_cast<int64_t>(x))};
}
UDL_ALWAYS_INLINE u64x8 operator&(u64x8 a, u64x8 b) { return {_mm512_and_si512(a.v, b.v)}; }
UDL_ALWAYS_INLINE u64x8 operator+(u64x8 a, u64x8 b) { return {_mm512_add_epi64(a.v, b.v)}; }
/// Set bits of each word.
UDL_ALWAYS_INLINE u64x8 count_bits(u64x8 a) { return {_mm512_popcnt_epi64(a.v)}; }
/// Low halves of the words of a, then of b.
UDL_ALWAYS_INLINE i32x16 low_halves(u64x8 a, u64x8 b) {
  return {_mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(a.v)),
                             _mm512_cvtepi64_epi32(b.v), 1)};
}

struct i16x16 {
  __m256i v;
};
UDL_ALWAYS_INLINE i16x16 load(const int16_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
}
UDL_ALWAYS_INLINE void store(int16_t* p, i16x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v);
}
UDL_ALWAYS_INLINE i16x16 operator+(i16x16 a, i16x16 b) { return {_mm256_add_epi16(a.v, b.v)}; }
UDL_ALWAYS_INLINE i16x16 zero_i16x16() { return {_mm256_setzero_si256()}; }
/// Values that fit 16 bits.
UDL_ALWAYS_INLINE i16x16 narrow(i32x16 a) { return {_mm512_cvtepi32_epi16(a.v)}; }
UDL_ALWAYS_INLINE i32x16 widen_signed(i16x16 a) { return {_mm512_cvtepi16_epi32(a.v)}; }
UDL_ALWAYS_INLINE i32x16 widen_unsigned(i16x16 a) { return {_mm512_cvtepu16_epi32(a.v)}; }

UDL_ALWAYS_INLINE i32x16 interleave_low(i32x16 a, i32x16 b) {
  return {_mm512_unpacklo_epi32(a.v, b.v)};
}
UDL_ALWAYS_INLINE i32x16 interleave_high(i32x16 a, i32x16 b) {
  return {_mm512_unpackhi_epi32(a.v, b.v)};
}

/// Sums of pairs: in each four lanes, 0 and 1 add pairs of a, 2 and 3 pairs of b. Values within
/// 0..2^15 - 1.
UDL_ALWAYS_INLINE i32x16 pair_sums(i32x16 a, i32x16 b) {
  return {_mm512_madd_epi16(_mm512_packs_epi32(a.v, b.v), _mm512_set1_epi16(1))};
}

/// Transposes a 4 x 4 matrix of quarters: quarter k of out[q] becomes quarter q of in[k].
UDL_ALWAYS_INLINE void transpose_quarters(i32x16 (&x)[4]) {
  const __m512i ab_low = _mm512_shuffle_i32x4(x[0].v, x[1].v, 0x44);
  const __m512i ab_high = _mm512_shuffle_i32x4(x[0].v, x[1].v, 0xEE);
  const __m512i cd_low = _mm512_shuffle_i32x4(x[2].v, x[3].v, 0x44);
  const __m512i cd_high = _mm512_shuffle_i32x4(x[2].v, x[3].v, 0xEE);
  x[0].v = _mm512_shuffle_i32x4(ab_low, cd_low, 0x88);
  x[1].v = _mm512_shuffle_i32x4(ab_low, cd_low, 0xDD);
  x[2].v = _mm512_shuffle_i32x4(ab_high, cd_high, 0x88);
  x[3].v = _mm512_shuffle_i32x4(ab_high, cd_high, 0xDD);
}

/// Four consecutive floats of each of sixteen rows, as four vectors over the rows.
UDL_ALWAYS_INLINE void load_columns(const float* p, int64_t row_stride, f32x16 (&out)[4]) {
  __m512 x[4];
  for (int k = 0; k < 4; ++k) {
    // Rows k, k + 4, k + 8, k + 12 fill the quarters, so the 4 x 4 transposes below give row order.
    const float* row = p + k * row_stride;
    const __m256 low = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row)),
                                            _mm_loadu_ps(row + 4 * row_stride), 1);
    const __m256 high =
        _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row + 8 * row_stride)),
                             _mm_loadu_ps(row + 12 * row_stride), 1);
    x[k] = _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
  }
  const __m512 t0 = _mm512_unpacklo_ps(x[0], x[1]), t1 = _mm512_unpackhi_ps(x[0], x[1]);
  const __m512 t2 = _mm512_unpacklo_ps(x[2], x[3]), t3 = _mm512_unpackhi_ps(x[2], x[3]);
  out[0].v = _mm512_shuffle_ps(t0, t2, 0x44);
  out[1].v = _mm512_shuffle_ps(t0, t2, 0xEE);
  out[2].v = _mm512_shuffle_ps(t1, t3, 0x44);
  out[3].v = _mm512_shuffle_ps(t1, t3, 0xEE);
}

#elif defined(UDL_TARGET_AVX2)

struct f32x16 {
  __m256 a, b;
};
struct i32x16 {
  __m256i a, b;
};

UDL_ALWAYS_INLINE __m256i load_half(const int32_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
UDL_ALWAYS_INLINE void store_half(int32_t* p, __m256i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x);
}

UDL_ALWAYS_INLINE f32x16 load(const float* p) {
  return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
UDL_ALWAYS_INLINE i32x16 load(const int32_t* p) { return {load_half(p), load_half(p + 8)}; }
UDL_ALWAYS_INLINE void store(float* p, f32x16 x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
UDL_ALWAYS_INLINE void store(int32_t* p, i32x16 x) {
  store_half(p, x.a);
  store_half(p + 8, x.b);
}
UDL_ALWAYS_INLINE f32x16 broadcast(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
UDL_ALWAYS_INLINE i32x16 broadcast(int32_t x) {
  return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}

UDL_ALWAYS_INLINE f32x16 operator+(f32x16 x, f32x16 y) {
  return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)};
}
UDL_ALWAYS_INLINE f32x16 operator-(f32x16 x, f32x16 y) {
  return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)};
}
UDL_ALWAYS_INLINE f32x16 operator*(f32x16 x, f32x16 y) {
  return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)};
}
UDL_ALWAYS_INLINE f32x16 operator/(f32x16 x, f32x16 y) {
  return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)};
}
UDL_ALWAYS_INLINE f32x16 multiply_add(f32x16 x, f32x16 y, f32x16 z) {
  return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
UDL_ALWAYS_INLINE f32x16 min(f32x16 x, f32x16 y) {
  return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)};
}
UDL_ALWAYS_INLINE f32x16 max(f32x16 x, f32x16 y) {
  return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)};
}
/// Bits of |x|: as integers they order like the magnitudes, with infinity and then NaN on top.
UDL_ALWAYS_INLINE i32x16 magnitude_bits(f32x16 x) {
  const __m256i mask = _mm256_set1_epi32(0x7FFFFFFF);
  return {_mm256_and_si256(_mm256_castps_si256(x.a), mask),
          _mm256_and_si256(_mm256_castps_si256(x.b), mask)};
}
/// -1, 0 or +1; 0 for NaN.
UDL_ALWAYS_INLINE __m256 sign_half(__m256 x) {
  const __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1.0f);
  return _mm256_sub_ps(_mm256_and_ps(_mm256_cmp_ps(x, zero, _CMP_GT_OQ), one),
                       _mm256_and_ps(_mm256_cmp_ps(x, zero, _CMP_LT_OQ), one));
}
UDL_ALWAYS_INLINE f32x16 sign(f32x16 x) { return {sign_half(x.a), sign_half(x.b)}; }
UDL_ALWAYS_INLINE uint16_t less(f32x16 x, f32x16 y) {
  const int low = _mm256_movemask_ps(_mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ));
  const int high = _mm256_movemask_ps(_mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ));
  return static_cast<uint16_t>(low | (high << 8));
}

UDL_ALWAYS_INLINE i32x16 operator+(i32x16 x, i32x16 y) {
  return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)};
}
UDL_ALWAYS_INLINE i32x16 operator-(i32x16 x, i32x16 y) {
  return {_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)};
}
UDL_ALWAYS_INLINE i32x16 operator^(i32x16 x, i32x16 y) {
  return {_mm256_xor_si256(x.a, y.a), _mm256_xor_si256(x.b, y.b)};
}
UDL_ALWAYS_INLINE i32x16 max(i32x16 x, i32x16 y) {
  return {_mm256_max_epi32(x.a, y.a), _mm256_max_epi32(x.b, y.b)};
}
UDL_ALWAYS_INLINE i32x16 min(i32x16 x, i32x16 y) {
  return {_mm256_min_epi32(x.a, y.a), _mm256_min_epi32(x.b, y.b)};
}
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_left(i32x16 x) {
  return {_mm256_slli_epi32(x.a, kBits), _mm256_slli_epi32(x.b, kBits)};
}
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_right_logical(i32x16 x) {
  return {_mm256_srli_epi32(x.a, kBits), _mm256_srli_epi32(x.b, kBits)};
}

UDL_ALWAYS_INLINE f32x16 to_float(i32x16 x) {
  return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)};
}
UDL_ALWAYS_INLINE i32x16 round_to_int(f32x16 x) {
  return {_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)};
}
UDL_ALWAYS_INLINE f32x16 float_from_bits(i32x16 x) {
  return {_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)};
}

struct u64x8 {
  __m256i a, b;
};
/// Lanes 0, 2, .. 14 and 1, 3, .. 15 in the low words of eight 64-bit lanes; the high words hold
/// anything.
UDL_ALWAYS_INLINE u64x8 even_lanes(i32x16 x) { return {x.a, x.b}; }
UDL_ALWAYS_INLINE u64x8 odd_lanes(i32x16 x) {
  return {_mm256_srli_epi64(x.a, 32), _mm256_srli_epi64(x.b, 32)};
}
/// Low words of both back in their places.
UDL_ALWAYS_INLINE i32x16 merge_lanes(u64x8 even, u64x8 odd) {
  return {_mm256_blend_epi32(even.a, _mm256_slli_epi64(odd.a, 32), 0xAA),
          _mm256_blend_epi32(even.b, _mm256_slli_epi64(odd.b, 32), 0xAA)};
}
/// Whole 64-bit products of the low words with m.
UDL_ALWAYS_INLINE u64x8 multiply_low_words(u64x8 x, uint32_t m) {
  const __m256i factor = _mm256_set1_epi64x(m);
  return {_mm256_mul_epu32(x.a, factor), _mm256_mul_epu32(x.b, factor)};
}
UDL_ALWAYS_INLINE u64x8 high_words(u64x8 x) {
  return {_mm256_srli_epi64(x.a, 32), _mm256_srli_epi64(x.b, 32)};
}
UDL_ALWAYS_INLINE u64x8 xor3(u64x8 x, u64x8 y, uint32_t c) {
  const __m256i z = _mm256_set1_epi64x(c);
  return {_mm256_xor_si256(_mm256_xor_si256(x.a, z), y.a),
          _mm256_xor_si256(_mm256_xor_si256(x.b, z), y.b)};
}
UDL_ALWAYS_INLINE u64x8 load_words(const uint64_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 4))};
}
UDL_ALWAYS_INLINE u64x8 broadcast_word(uint64_t x) {
  const __m256i word = _mm256_set1_epi64x(static_cast<int64_t>(x));
  return {word, word};
}
UDL_ALWAYS_INLINE u64x8 operator&(u64x8 x, u64x8 y) {
  return {_mm256_and_si256(x.a, y.a), _mm256_and_si256(x.b, y.b)};
}
UDL_ALWAYS_INLINE u64x8 operator+(u64x8 x, u64x8 y) {
  return {_mm256_add_epi64(x.a, y.a), _mm256_add_epi64(x.b, y.b)};
}
/// Set bits of each word: the shuffle looks up both halves of every byte, sad adds the bytes of a
/// word.
UDL_ALWAYS_INLINE __m256i count_bits_half(__m256i x) {
  const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                          2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i low = _mm256_shuffle_epi8(counts, _mm256_and_si256(x, mask));
  const __m256i high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(x, 4), mask));
  return _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}
UDL_ALWAYS_INLINE u64x8 count_bits(u64x8 x) { return {count_bits_half(x.a), count_bits_half(x.b)}; }
/// Low halves of the words of x, then of y.
UDL_ALWAYS_INLINE __m256i low_halves_of(__m256i low, __m256i high) {
  const __m256i mixed = _mm256_castps_si256(
      _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), 0x88));
  return _mm256_permute4x64_epi64(mixed, 0xD8);
}
UDL_ALWAYS_INLINE i32x16 low_halves(u64x8 x, u64x8 y) {
  return {low_halves_of(x.a, x.b), low_halves_of(y.a, y.b)};
}

struct i16x16 {
  __m256i v;
};
UDL_ALWAYS_INLINE i16x16 load(const int16_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
}
UDL_ALWAYS_INLINE void store(int16_t* p, i16x16 x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.v);
}
UDL_ALWAYS_INLINE i16x16 operator+(i16x16 x, i16x16 y) { return {_mm256_add_epi16(x.v, y.v)}; }
UDL_ALWAYS_INLINE i16x16 zero_i16x16() { return {_mm256_setzero_si256()}; }
/// Values that fit 16 bits.
UDL_ALWAYS_INLINE i16x16 narrow(i32x16 x) {
  return {_mm256_permute4x64_epi64(_mm256_packs_epi32(x.a, x.b), 0xD8)};
}
UDL_ALWAYS_INLINE i32x16 widen_signed(i16x16 x) {
  return {_mm256_cvtepi16_epi32(_mm256_castsi256_si128(x.v)),
          _mm256_cvtepi16_epi32(_mm256_extracti128_si256(x.v, 1))};
}
UDL_ALWAYS_INLINE i32x16 widen_unsigned(i16x16 x) {
  return {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(x.v)),
          _mm256_cvtepu16_epi32(_mm256_extracti128_si256(x.v, 1))};
}

UDL_ALWAYS_INLINE i32x16 interleave_low(i32x16 x, i32x16 y) {
  return {_mm256_unpacklo_epi32(x.a, y.a), _mm256_unpacklo_epi32(x.b, y.b)};
}
UDL_ALWAYS_INLINE i32x16 interleave_high(i32x16 x, i32x16 y) {
  return {_mm256_unpackhi_epi32(x.a, y.a), _mm256_unpackhi_epi32(x.b, y.b)};
}

/// Sums of pairs: in each four lanes, 0 and 1 add pairs of a, 2 and 3 pairs of b. Values within
/// 0..2^15 - 1.
UDL_ALWAYS_INLINE i32x16 pair_sums(i32x16 x, i32x16 y) {
  const __m256i one = _mm256_set1_epi16(1);
  return {_mm256_madd_epi16(_mm256_packs_epi32(x.a, y.a), one),
          _mm256_madd_epi16(_mm256_packs_epi32(x.b, y.b), one)};
}

/// Transposes a 4 x 4 matrix of quarters: quarter k of out[q] becomes quarter q of in[k].
UDL_ALWAYS_INLINE void transpose_quarters(i32x16 (&x)[4]) {
  const i32x16 x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
  x[0] = {_mm256_permute2x128_si256(x0.a, x1.a, 0x20), _mm256_permute2x128_si256(x2.a, x3.a, 0x20)};
  x[1] = {_mm256_permute2x128_si256(x0.a, x1.a, 0x31), _mm256_permute2x128_si256(x2.a, x3.a, 0x31)};
  x[2] = {_mm256_permute2x128_si256(x0.b, x1.b, 0x20), _mm256_permute2x128_si256(x2.b, x3.b, 0x20)};
  x[3] = {_mm256_permute2x128_si256(x0.b, x1.b, 0x31), _mm256_permute2x128_si256(x2.b, x3.b, 0x31)};
}

UDL_ALWAYS_INLINE void load_columns_half(const float* p, int64_t row_stride, __m256 (&out)[4]) {
  __m256 x[4];
  for (int k = 0; k < 4; ++k) {
    const float* row = p + k * row_stride;
    x[k] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row)),
                                _mm_loadu_ps(row + 4 * row_stride), 1);
  }
  const __m256 t0 = _mm256_unpacklo_ps(x[0], x[1]), t1 = _mm256_unpackhi_ps(x[0], x[1]);
  const __m256 t2 = _mm256_unpacklo_ps(x[2], x[3]), t3 = _mm256_unpackhi_ps(x[2], x[3]);
  out[0] = _mm256_shuffle_ps(t0, t2, 0x44);
  out[1] = _mm256_shuffle_ps(t0, t2, 0xEE);
  out[2] = _mm256_shuffle_ps(t1, t3, 0x44);
  out[3] = _mm256_shuffle_ps(t1, t3, 0xEE);
}
/// Four consecutive floats of each of sixteen rows, as four vectors over the rows.
UDL_ALWAYS_INLINE void load_columns(const float* p, int64_t row_stride, f32x16 (&out)[4]) {
  __m256 low[4], high[4];
  load_columns_half(p, row_stride, low);
  load_columns_half(p + 8 * row_stride, row_stride, high);
  for (int k = 0; k < 4; ++k) out[k] = {low[k], high[k]};
}

#else  // baseline: plain loops that any compiler turns into what its target has

struct f32x16 {
  float v[16];
};
struct i32x16 {
  int32_t v[16];
};

template <class Result, int kLanes = 16, class Function>
UDL_ALWAYS_INLINE Result lanes(Function&& f) {
  Result out;
  for (int k = 0; k < kLanes; ++k) out.v[k] = f(k);
  return out;
}
UDL_ALWAYS_INLINE int32_t wrap(uint32_t x) { return static_cast<int32_t>(x); }
UDL_ALWAYS_INLINE uint32_t bits_of(int32_t x) { return static_cast<uint32_t>(x); }

UDL_ALWAYS_INLINE f32x16 load(const float* p) {
  return lanes<f32x16>([&](int k) { return p[k]; });
}
UDL_ALWAYS_INLINE i32x16 load(const int32_t* p) {
  return lanes<i32x16>([&](int k) { return p[k]; });
}
UDL_ALWAYS_INLINE void store(float* p, const f32x16& a) { std::memcpy(p, a.v, sizeof a.v); }
UDL_ALWAYS_INLINE void store(int32_t* p, const i32x16& a) { std::memcpy(p, a.v, sizeof a.v); }
UDL_ALWAYS_INLINE f32x16 broadcast(float x) {
  return lanes<f32x16>([&](int) { return x; });
}
UDL_ALWAYS_INLINE i32x16 broadcast(int32_t x) {
  return lanes<i32x16>([&](int) { return x; });
}

UDL_ALWAYS_INLINE f32x16 operator+(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] + b.v[k]; });
}
UDL_ALWAYS_INLINE f32x16 operator-(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] - b.v[k]; });
}
UDL_ALWAYS_INLINE f32x16 operator*(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] * b.v[k]; });
}
UDL_ALWAYS_INLINE f32x16 operator/(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] / b.v[k]; });
}
UDL_ALWAYS_INLINE f32x16 multiply_add(const f32x16& a, const f32x16& b, const f32x16& c) {
  return a * b + c;
}
UDL_ALWAYS_INLINE f32x16 min(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] < b.v[k] ? a.v[k] : b.v[k]; });
}
UDL_ALWAYS_INLINE f32x16 max(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] > b.v[k] ? a.v[k] : b.v[k]; });
}
/// Bits of |a|: as integers they order like the magnitudes, with infinity and then NaN on top.
UDL_ALWAYS_INLINE i32x16 magnitude_bits(const f32x16& a) {
  i32x16 out;
  std::memcpy(out.v, a.v, sizeof out.v);
  for (int k = 0; k < 16; ++k) out.v[k] &= 0x7FFFFFFF;
  return out;
}
/// -1, 0 or +1; 0 for NaN.
UDL_ALWAYS_INLINE f32x16 sign(const f32x16& a) {
  return lanes<f32x16>([&](int k) { return static_cast<float>((a.v[k] > 0) - (a.v[k] < 0)); });
}
UDL_ALWAYS_INLINE uint16_t less(const f32x16& a, const f32x16& b) {
  uint32_t mask = 0;
  for (int k = 0; k < 16; ++k) mask |= static_cast<uint32_t>(a.v[k] < b.v[k]) << k;
  return static_cast<uint16_t>(mask);
}

UDL_ALWAYS_INLINE i32x16 operator+(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return wrap(bits_of(a.v[k]) + bits_of(b.v[k])); });
}
UDL_ALWAYS_INLINE i32x16 operator-(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return wrap(bits_of(a.v[k]) - bits_of(b.v[k])); });
}
UDL_ALWAYS_INLINE i32x16 operator^(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return a.v[k] ^ b.v[k]; });
}
UDL_ALWAYS_INLINE i32x16 max(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return a.v[k] > b.v[k] ? a.v[k] : b.v[k]; });
}
UDL_ALWAYS_INLINE i32x16 min(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return a.v[k] < b.v[k] ? a.v[k] : b.v[k]; });
}
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_left(const i32x16& a) {
  return lanes<i32x16>([&](int k) { return wrap(bits_of(a.v[k]) << kBits); });
}
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_right_logical(const i32x16& a) {
  return lanes<i32x16>([&](int k) { return wrap(bits_of(a.v[k]) >> kBits); });
}

UDL_ALWAYS_INLINE f32x16 to_float(const i32x16& a) {
  return lanes<f32x16>([&](int k) { return static_cast<float>(a.v[k]); });
}
UDL_ALWAYS_INLINE i32x16 round_to_int(const f32x16& a) {
  return lanes<i32x16>([&](int k) { return udl::round_to_int(a.v[k]); });
}
UDL_ALWAYS_INLINE f32x16 float_from_bits(const i32x16& a) {
  f32x16 out;
  std::memcpy(out.v, a.v, sizeof out.v);
  return out;
}

struct u64x8 {
  uint64_t v[8];
};
/// Lanes 0, 2, .. 14 and 1, 3, .. 15 in the low words of eight 64-bit lanes; the high words hold
/// anything.
UDL_ALWAYS_INLINE u64x8 even_lanes(const i32x16& a) {
  return lanes<u64x8, 8>([&](int k) { return uint64_t{bits_of(a.v[2 * k])}; });
}
UDL_ALWAYS_INLINE u64x8 odd_lanes(const i32x16& a) {
  return lanes<u64x8, 8>([&](int k) { return uint64_t{bits_of(a.v[2 * k + 1])}; });
}
/// Low words of both back in their places.
UDL_ALWAYS_INLINE i32x16 merge_lanes(const u64x8& even, const u64x8& odd) {
  return lanes<i32x16>(
      [&](int k) { return wrap(static_cast<uint32_t>((k & 1 ? odd : even).v[k / 2])); });
}
/// Whole 64-bit products of the low words with m.
UDL_ALWAYS_INLINE u64x8 multiply_low_words(const u64x8& a, uint32_t m) {
  return lanes<u64x8, 8>([&](int k) { return (a.v[k] & 0xFFFFFFFFu) * m; });
}
UDL_ALWAYS_INLINE u64x8 high_words(const u64x8& a) {
  return lanes<u64x8, 8>([&](int k) { return a.v[k] >> 32; });
}
UDL_ALWAYS_INLINE u64x8 xor3(const u64x8& a, const u64x8& b, uint32_t c) {
  return lanes<u64x8, 8>([&](int k) { return a.v[k] ^ b.v[k] ^ c; });
}
UDL_ALWAYS_INLINE u64x8 load_words(const uint64_t* p) {
  return lanes<u64x8, 8>([&](int k) { return p[k]; });
}
UDL_ALWAYS_INLINE u64x8 broadcast_word(uint64_t x) {
  return lanes<u64x8, 8>([&](int) { return x; });
}
UDL_ALWAYS_INLINE u64x8 operator&(const u64x8& a, const u64x8& b) {
  return lanes<u64x8, 8>([&](int k) { return a.v[k] & b.v[k]; });
}
UDL_ALWAYS_INLINE u64x8 operator+(const u64x8& a, const u64x8& b) {
  return lanes<u64x8, 8>([&](int k) { return a.v[k] + b.v[k]; });
}
/// Set bits of each word.
UDL_ALWAYS_INLINE u64x8 count_bits(const u64x8& a) {
  return lanes<u64x8, 8>([&](int k) { return uint64_t{std::bitset<64>(a.v[k]).count()}; });
}
/// Low halves of the words of a, then of b.
UDL_ALWAYS_INLINE i32x16 low_halves(const u64x8& a, const u64x8& b) {
  return lanes<i32x16>(
      [&](int k) { return wrap(static_cast<uint32_t>((k < 8 ? a : b).v[k % 8])); });
}

struct i16x16 {
  int16_t v[16];
};
UDL_ALWAYS_INLINE int16_t wrap_short(int x) {
  return static_cast<int16_t>(static_cast<uint16_t>(x));
}
UDL_ALWAYS_INLINE i16x16 load(const int16_t* p) {
  return lanes<i16x16>([&](int k) { return p[k]; });
}
UDL_ALWAYS_INLINE void store(int16_t* p, const i16x16& a) { std::memcpy(p, a.v, sizeof a.v); }
UDL_ALWAYS_INLINE i16x16 operator+(const i16x16& a, const i16x16& b) {
  return lanes<i16x16>([&](int k) { return wrap_short(a.v[k] + b.v[k]); });
}
UDL_ALWAYS_INLINE i16x16 zero_i16x16() {
  return lanes<i16x16>([](int) { return wrap_short(0); });
}
/// Values that fit 16 bits.
UDL_ALWAYS_INLINE i16x16 narrow(const i32x16& a) {
  return lanes<i16x16>([&](int k) { return wrap_short(a.v[k]); });
}
UDL_ALWAYS_INLINE i32x16 widen_signed(const i16x16& a) {
  return lanes<i32x16>([&](int k) { return int32_t{a.v[k]}; });
}
UDL_ALWAYS_INLINE i32x16 widen_unsigned(const i16x16& a) {
  return lanes<i32x16>([&](int k) { return int32_t{static_cast<uint16_t>(a.v[k])}; });
}

/// Within each quarter: a0 b0 a1 b1 (low) and a2 b2 a3 b3 (high).
UDL_ALWAYS_INLINE i32x16 interleave_low(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return (k & 1 ? b : a).v[(k & ~3) + (k & 3) / 2]; });
}
UDL_ALWAYS_INLINE i32x16 interleave_high(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return (k & 1 ? b : a).v[(k & ~3) + (k & 3) / 2 + 2]; });
}

/// Sums of pairs: in each four lanes, 0 and 1 add pairs of a, 2 and 3 pairs of b. Values within
/// 0..2^15 - 1.
UDL_ALWAYS_INLINE i32x16 pair_sums(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) {
    const int first = (k & ~3) + 2 * (k & 1);
    const i32x16& from = k & 2 ? b : a;
    return wrap(bits_of(from.v[first]) + bits_of(from.v[first + 1]));
  });
}

/// Transposes a 4 x 4 matrix of quarters: quarter k of out[q] becomes quarter q of in[k].
UDL_ALWAYS_INLINE void transpose_quarters(i32x16 (&x)[4]) {
  i32x16 out[4];
  for (int row = 0; row < 4; ++row)
    for (int k = 0; k < 16; ++k) out[row].v[k] = x[k / 4].v[4 * row + k % 4];
  std::memcpy(x, out, sizeof out);
}

/// Four consecutive floats of each of sixteen rows, as four vectors over the rows.
UDL_ALWAYS_INLINE void load_columns(const float* p, int64_t row_stride, f32x16 (&out)[4]) {
  for (int column = 0; column < 4; ++column)
    for (int k = 0; k < 16; ++k) out[column].v[k] = p[k * row_stride + column];
}

#endif

// ---- written once over the operations above ----

UDL_ALWAYS_INLINE f32x16 exp_negative(f32x16 x) {  // the lanes of udl::exp_negative, step by step
  const f32x16 y =
      max(min(broadcast(0.0f) - x, broadcast(kExpArgumentMax)), broadcast(kExpArgumentMin));
  const f32x16 magic = broadcast(kRoundMagic);
  const f32x16 n = (y * broadcast(kLog2E) + magic) - magic;
  const f32x16 r = (y - n * broadcast(kLn2High)) - n * broadcast(kLn2Low);
  f32x16 p = broadcast(kExpPolynomial[0]);
  for (int i = 1; i < 6; ++i) p = p * r + broadcast(kExpPolynomial[i]);
  p = (p * (r * r) + r) + broadcast(1.0f);
  return p * float_from_bits(shift_left<23>(round_to_int(n) + broadcast(127)));
}

}  // namespace
}  // namespace udl
