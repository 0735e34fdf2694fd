#pragma once
// AVX2: sixteen lanes are two vectors of eight. What each operation means is said in simd.h.
#include <immintrin.h>

#include <cstdint>

#include "base/macros.h"

namespace udl {
namespace {

// ---- rows of floats and integers ----

struct f32x16 {
  __m256 low, high;
};
struct i32x16 {
  __m256i low, high;
};

UDL_ALWAYS_INLINE __m256i load_half(const int32_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
UDL_ALWAYS_INLINE void store_half(int32_t* p, __m256i a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a);
}

UDL_ALWAYS_INLINE f32x16 load(const float* p) {
  return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
UDL_ALWAYS_INLINE i32x16 load(const int32_t* p) { return {load_half(p), load_half(p + 8)}; }
UDL_ALWAYS_INLINE void store(float* p, f32x16 a) {
  _mm256_storeu_ps(p, a.low);
  _mm256_storeu_ps(p + 8, a.high);
}
UDL_ALWAYS_INLINE void store(int32_t* p, i32x16 a) {
  store_half(p, a.low);
  store_half(p + 8, a.high);
}
UDL_ALWAYS_INLINE f32x16 broadcast(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
UDL_ALWAYS_INLINE i32x16 broadcast(int32_t x) {
  return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}

// ---- floats ----

UDL_ALWAYS_INLINE void keep_in_register(f32x16& a) { asm("" : "+x"(a.low), "+x"(a.high)); }
UDL_ALWAYS_INLINE void keep_in_register(i32x16& a) { asm("" : "+x"(a.low), "+x"(a.high)); }
UDL_ALWAYS_INLINE f32x16 broadcast_in_register(float x) {
  __m256 same = _mm256_set1_ps(x);
  asm("" : "+x"(same));
  return {same, same};
}
UDL_ALWAYS_INLINE f32x16 operator+(f32x16 a, f32x16 b) {
  return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
UDL_ALWAYS_INLINE f32x16 operator-(f32x16 a, f32x16 b) {
  return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
UDL_ALWAYS_INLINE f32x16 operator*(f32x16 a, f32x16 b) {
  return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
UDL_ALWAYS_INLINE f32x16 operator/(f32x16 a, f32x16 b) {
  return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
UDL_ALWAYS_INLINE f32x16 multiply_add(f32x16 a, f32x16 b, f32x16 c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
UDL_ALWAYS_INLINE f32x16 min(f32x16 a, f32x16 b) {
  return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}
UDL_ALWAYS_INLINE f32x16 max(f32x16 a, f32x16 b) {
  return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
UDL_ALWAYS_INLINE f32x16 square_root(f32x16 a) {
  return {_mm256_sqrt_ps(a.low), _mm256_sqrt_ps(a.high)};
}
UDL_ALWAYS_INLINE i32x16 magnitude_bits(f32x16 a) {
  const __m256i mask = _mm256_set1_epi32(0x7FFFFFFF);
  return {_mm256_and_si256(_mm256_castps_si256(a.low), mask),
          _mm256_and_si256(_mm256_castps_si256(a.high), mask)};
}
UDL_ALWAYS_INLINE __m256 sign_half(__m256 a) {
  const __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1.0f);
  return _mm256_sub_ps(_mm256_and_ps(_mm256_cmp_ps(a, zero, _CMP_GT_OQ), one),
                       _mm256_and_ps(_mm256_cmp_ps(a, zero, _CMP_LT_OQ), one));
}
UDL_ALWAYS_INLINE f32x16 sign(f32x16 a) { return {sign_half(a.low), sign_half(a.high)}; }
UDL_ALWAYS_INLINE uint16_t less(f32x16 a, f32x16 b) {
  const int low = _mm256_movemask_ps(_mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ));
  const int high = _mm256_movemask_ps(_mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ));
  return static_cast<uint16_t>(low | (high << 8));
}
UDL_ALWAYS_INLINE f32x16 where_less(f32x16 a, f32x16 b, f32x16 x, f32x16 y) {
  return {_mm256_blendv_ps(y.low, x.low, _mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ)),
          _mm256_blendv_ps(y.high, x.high, _mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ))};
}

// ---- integers ----

UDL_ALWAYS_INLINE i32x16 operator+(i32x16 a, i32x16 b) {
  return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}
UDL_ALWAYS_INLINE i32x16 operator-(i32x16 a, i32x16 b) {
  return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)};
}
UDL_ALWAYS_INLINE i32x16 operator^(i32x16 a, i32x16 b) {
  return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
}
UDL_ALWAYS_INLINE i32x16 max(i32x16 a, i32x16 b) {
  return {_mm256_max_epi32(a.low, b.low), _mm256_max_epi32(a.high, b.high)};
}
UDL_ALWAYS_INLINE i32x16 min(i32x16 a, i32x16 b) {
  return {_mm256_min_epi32(a.low, b.low), _mm256_min_epi32(a.high, b.high)};
}
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_left(i32x16 a) {
  return {_mm256_slli_epi32(a.low, kBits), _mm256_slli_epi32(a.high, kBits)};
}
template <int kBits>
UDL_ALWAYS_INLINE i32x16 shift_right_logical(i32x16 a) {
  return {_mm256_srli_epi32(a.low, kBits), _mm256_srli_epi32(a.high, kBits)};
}
UDL_ALWAYS_INLINE i32x16 blend_halves(i32x16 a, i32x16 b) {
  return {_mm256_blend_epi16(a.low, b.low, 0xAA), _mm256_blend_epi16(a.high, b.high, 0xAA)};
}

// ---- from one to the other ----

UDL_ALWAYS_INLINE f32x16 to_float(i32x16 a) {
  return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)};
}
UDL_ALWAYS_INLINE i32x16 round_to_int(f32x16 a) {
  return {_mm256_cvtps_epi32(a.low), _mm256_cvtps_epi32(a.high)};
}
UDL_ALWAYS_INLINE f32x16 float_from_bits(i32x16 a) {
  return {_mm256_castsi256_ps(a.low), _mm256_castsi256_ps(a.high)};
}
UDL_ALWAYS_INLINE i32x16 bits_of_float(f32x16 a) {
  return {_mm256_castps_si256(a.low), _mm256_castps_si256(a.high)};
}

// ---- words ----

struct u64x8 {
  __m256i low, high;
};
UDL_ALWAYS_INLINE u64x8 even_lanes(i32x16 a) { return {a.low, a.high}; }
UDL_ALWAYS_INLINE u64x8 odd_lanes(i32x16 a) {
  return {_mm256_srli_epi64(a.low, 32), _mm256_srli_epi64(a.high, 32)};
}
UDL_ALWAYS_INLINE i32x16 merge_lanes(u64x8 even, u64x8 odd) {
  return {_mm256_blend_epi32(even.low, _mm256_slli_epi64(odd.low, 32), 0xAA),
          _mm256_blend_epi32(even.high, _mm256_slli_epi64(odd.high, 32), 0xAA)};
}
UDL_ALWAYS_INLINE u64x8 multiply_low_words(u64x8 a, uint32_t m) {
  const __m256i factor = _mm256_set1_epi64x(m);
  return {_mm256_mul_epu32(a.low, factor), _mm256_mul_epu32(a.high, factor)};
}
UDL_ALWAYS_INLINE u64x8 high_words(u64x8 a) {
  return {_mm256_srli_epi64(a.low, 32), _mm256_srli_epi64(a.high, 32)};
}
UDL_ALWAYS_INLINE u64x8 xor3(u64x8 a, u64x8 b, uint32_t c) {
  const __m256i z = _mm256_set1_epi64x(c);
  return {_mm256_xor_si256(_mm256_xor_si256(a.low, z), b.low),
          _mm256_xor_si256(_mm256_xor_si256(a.high, z), b.high)};
}
UDL_ALWAYS_INLINE u64x8 operator^(u64x8 a, u64x8 b) {
  return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
}
UDL_ALWAYS_INLINE u64x8 load_words(const uint64_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 4))};
}
UDL_ALWAYS_INLINE u64x8 broadcast_word(uint64_t x) {
  const __m256i word = _mm256_set1_epi64x(static_cast<int64_t>(x));
  return {word, word};
}
UDL_ALWAYS_INLINE u64x8 operator&(u64x8 a, u64x8 b) {
  return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
}
UDL_ALWAYS_INLINE u64x8 operator+(u64x8 a, u64x8 b) {
  return {_mm256_add_epi64(a.low, b.low), _mm256_add_epi64(a.high, b.high)};
}
// The shuffle looks up both halves of every byte, sad adds the bytes of a word.
UDL_ALWAYS_INLINE __m256i count_bits_half(__m256i a) {
  const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                          2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i low = _mm256_shuffle_epi8(counts, _mm256_and_si256(a, mask));
  const __m256i high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(a, 4), mask));
  return _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}
UDL_ALWAYS_INLINE u64x8 count_bits(u64x8 a) {
  return {count_bits_half(a.low), count_bits_half(a.high)};
}
UDL_ALWAYS_INLINE __m256i low_halves_of(__m256i low, __m256i high) {
  const __m256i mixed = _mm256_castps_si256(
      _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high), 0x88));
  return _mm256_permute4x64_epi64(mixed, 0xD8);
}
UDL_ALWAYS_INLINE i32x16 low_halves(u64x8 a, u64x8 b) {
  return {low_halves_of(a.low, a.high), low_halves_of(b.low, b.high)};
}

// ---- short integers ----

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
UDL_ALWAYS_INLINE i16x16 operator-(i16x16 a, i16x16 b) { return {_mm256_sub_epi16(a.v, b.v)}; }
UDL_ALWAYS_INLINE i16x16 max(i16x16 a, i16x16 b) { return {_mm256_max_epi16(a.v, b.v)}; }
UDL_ALWAYS_INLINE i16x16 add_saturated(i16x16 a, i16x16 b) { return {_mm256_adds_epi16(a.v, b.v)}; }
UDL_ALWAYS_INLINE i16x16 neighbour_sums(i16x16 a, i16x16 b) {
  return {_mm256_hadds_epi16(a.v, b.v)};
}
UDL_ALWAYS_INLINE i16x16 add_halves(i16x16 a, i16x16 b) {
  return {_mm256_adds_epi16(_mm256_permute2x128_si256(a.v, b.v, 0x20),
                            _mm256_permute2x128_si256(a.v, b.v, 0x31))};
}
UDL_ALWAYS_INLINE i16x16 zero_i16x16() { return {_mm256_setzero_si256()}; }
UDL_ALWAYS_INLINE i16x16 narrow(i32x16 a) {
  return {_mm256_permute4x64_epi64(_mm256_packs_epi32(a.low, a.high), 0xD8)};
}
UDL_ALWAYS_INLINE i32x16 widen_signed(i16x16 a) {
  return {_mm256_cvtepi16_epi32(_mm256_castsi256_si128(a.v)),
          _mm256_cvtepi16_epi32(_mm256_extracti128_si256(a.v, 1))};
}
UDL_ALWAYS_INLINE i32x16 widen_unsigned(i16x16 a) {
  return {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(a.v)),
          _mm256_cvtepu16_epi32(_mm256_extracti128_si256(a.v, 1))};
}

// ---- between lanes ----

UDL_ALWAYS_INLINE i32x16 interleave_low(i32x16 a, i32x16 b) {
  return {_mm256_unpacklo_epi32(a.low, b.low), _mm256_unpacklo_epi32(a.high, b.high)};
}
UDL_ALWAYS_INLINE i32x16 interleave_high(i32x16 a, i32x16 b) {
  return {_mm256_unpackhi_epi32(a.low, b.low), _mm256_unpackhi_epi32(a.high, b.high)};
}

UDL_ALWAYS_INLINE f32x16 even_of_quarters(f32x16 a, f32x16 b) {
  return {_mm256_shuffle_ps(a.low, b.low, 0x88), _mm256_shuffle_ps(a.high, b.high, 0x88)};
}
UDL_ALWAYS_INLINE f32x16 odd_of_quarters(f32x16 a, f32x16 b) {
  return {_mm256_shuffle_ps(a.low, b.low, 0xDD), _mm256_shuffle_ps(a.high, b.high, 0xDD)};
}

UDL_ALWAYS_INLINE i32x16 pair_sums(i32x16 a, i32x16 b) {
  const __m256i one = _mm256_set1_epi16(1);
  return {_mm256_madd_epi16(_mm256_packs_epi32(a.low, b.low), one),
          _mm256_madd_epi16(_mm256_packs_epi32(a.high, b.high), one)};
}

UDL_ALWAYS_INLINE void transpose_quarters(i32x16 (&x)[4]) {
  const i32x16 x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
  x[0] = {_mm256_permute2x128_si256(x0.low, x1.low, 0x20),
          _mm256_permute2x128_si256(x2.low, x3.low, 0x20)};
  x[1] = {_mm256_permute2x128_si256(x0.low, x1.low, 0x31),
          _mm256_permute2x128_si256(x2.low, x3.low, 0x31)};
  x[2] = {_mm256_permute2x128_si256(x0.high, x1.high, 0x20),
          _mm256_permute2x128_si256(x2.high, x3.high, 0x20)};
  x[3] = {_mm256_permute2x128_si256(x0.high, x1.high, 0x31),
          _mm256_permute2x128_si256(x2.high, x3.high, 0x31)};
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
UDL_ALWAYS_INLINE void load_columns(const float* p, int64_t row_stride, f32x16 (&out)[4]) {
  __m256 low[4], high[4];
  load_columns_half(p, row_stride, low);
  load_columns_half(p + 8 * row_stride, row_stride, high);
  for (int k = 0; k < 4; ++k) out[k] = {low[k], high[k]};
}

}  // namespace
}  // namespace udl
