#pragma once
// AVX-512: sixteen lanes are one vector. What each operation means is said in simd.h.
#include <immintrin.h>

#include <cstdint>

#include "base/macros.h"

namespace udl {
namespace {

// ---- rows of floats and integers ----

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

// ---- floats ----

UDL_ALWAYS_INLINE void keep_in_register(f32x16& a) { asm("" : "+v"(a.v)); }
UDL_ALWAYS_INLINE void keep_in_register(i32x16& a) { asm("" : "+v"(a.v)); }
UDL_ALWAYS_INLINE f32x16 broadcast_in_register(float x) {
  f32x16 same = broadcast(x);
  keep_in_register(same);
  return same;
}
UDL_ALWAYS_INLINE f32x16 operator+(f32x16 a, f32x16 b) { return {_mm512_add_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 operator-(f32x16 a, f32x16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 operator*(f32x16 a, f32x16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 operator/(f32x16 a, f32x16 b) { return {_mm512_div_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 multiply_add(f32x16 a, f32x16 b, f32x16 c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
UDL_ALWAYS_INLINE f32x16 min(f32x16 a, f32x16 b) { return {_mm512_min_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 max(f32x16 a, f32x16 b) { return {_mm512_max_ps(a.v, b.v)}; }
UDL_ALWAYS_INLINE f32x16 square_root(f32x16 a) { return {_mm512_sqrt_ps(a.v)}; }
UDL_ALWAYS_INLINE i32x16 magnitude_bits(f32x16 a) {
  return {_mm512_and_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(0x7FFFFFFF))};
}
UDL_ALWAYS_INLINE f32x16 sign(f32x16 a) {
  const __m512 zero = _mm512_setzero_ps(), one = _mm512_set1_ps(1.0f);
  const __m512 positive = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a.v, zero, _CMP_GT_OQ), one);
  return {_mm512_mask_sub_ps(positive, _mm512_cmp_ps_mask(a.v, zero, _CMP_LT_OQ), zero, one)};
}
UDL_ALWAYS_INLINE uint16_t less(f32x16 a, f32x16 b) {
  return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ);
}
UDL_ALWAYS_INLINE f32x16 where_less(f32x16 a, f32x16 b, f32x16 x, f32x16 y) {
  return {_mm512_mask_mov_ps(y.v, _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), x.v)};
}

// ---- integers ----

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
UDL_ALWAYS_INLINE i32x16 blend_halves(i32x16 a, i32x16 b) {
  return {_mm512_mask_mov_epi16(a.v, 0xAAAAAAAA, b.v)};
}

// ---- from one to the other ----

UDL_ALWAYS_INLINE f32x16 to_float(i32x16 a) { return {_mm512_cvtepi32_ps(a.v)}; }
UDL_ALWAYS_INLINE i32x16 round_to_int(f32x16 a) { return {_mm512_cvtps_epi32(a.v)}; }
UDL_ALWAYS_INLINE f32x16 float_from_bits(i32x16 a) { return {_mm512_castsi512_ps(a.v)}; }
UDL_ALWAYS_INLINE i32x16 bits_of_float(f32x16 a) { return {_mm512_castps_si512(a.v)}; }

// ---- words ----

struct u64x8 {
  __m512i v;
};
UDL_ALWAYS_INLINE u64x8 even_lanes(i32x16 a) { return {a.v}; }
UDL_ALWAYS_INLINE u64x8 odd_lanes(i32x16 a) { return {_mm512_srli_epi64(a.v, 32)}; }
UDL_ALWAYS_INLINE i32x16 merge_lanes(u64x8 even, u64x8 odd) {
  return {_mm512_mask_mov_epi32(even.v, 0xAAAA, _mm512_slli_epi64(odd.v, 32))};
}
UDL_ALWAYS_INLINE u64x8 multiply_low_words(u64x8 a, uint32_t m) {
  return {_mm512_mul_epu32(a.v, _mm512_set1_epi64(m))};
}
UDL_ALWAYS_INLINE u64x8 high_words(u64x8 a) { return {_mm512_srli_epi64(a.v, 32)}; }
UDL_ALWAYS_INLINE u64x8 xor3(u64x8 a, u64x8 b, uint32_t c) {
  return {_mm512_ternarylogic_epi64(a.v, b.v, _mm512_set1_epi64(c), 0x96)};
}
UDL_ALWAYS_INLINE u64x8 operator^(u64x8 a, u64x8 b) { return {_mm512_xor_si512(a.v, b.v)}; }
UDL_ALWAYS_INLINE u64x8 load_words(const uint64_t* p) { return {_mm512_loadu_si512(p)}; }
UDL_ALWAYS_INLINE u64x8 broadcast_word(uint64_t x) {
  return {_mm512_set1_epi64(static_cast<int64_t>(x))};
}
UDL_ALWAYS_INLINE u64x8 operator&(u64x8 a, u64x8 b) { return {_mm512_and_si512(a.v, b.v)}; }
UDL_ALWAYS_INLINE u64x8 operator+(u64x8 a, u64x8 b) { return {_mm512_add_epi64(a.v, b.v)}; }
UDL_ALWAYS_INLINE u64x8 count_bits(u64x8 a) { return {_mm512_popcnt_epi64(a.v)}; }
UDL_ALWAYS_INLINE i32x16 low_halves(u64x8 a, u64x8 b) {
  return {_mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(a.v)),
                             _mm512_cvtepi64_epi32(b.v), 1)};
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
UDL_ALWAYS_INLINE i16x16 narrow(i32x16 a) { return {_mm512_cvtepi32_epi16(a.v)}; }
UDL_ALWAYS_INLINE i32x16 widen_signed(i16x16 a) { return {_mm512_cvtepi16_epi32(a.v)}; }
UDL_ALWAYS_INLINE i32x16 widen_unsigned(i16x16 a) { return {_mm512_cvtepu16_epi32(a.v)}; }

// ---- between lanes ----

UDL_ALWAYS_INLINE i32x16 interleave_low(i32x16 a, i32x16 b) {
  return {_mm512_unpacklo_epi32(a.v, b.v)};
}
UDL_ALWAYS_INLINE i32x16 interleave_high(i32x16 a, i32x16 b) {
  return {_mm512_unpackhi_epi32(a.v, b.v)};
}

UDL_ALWAYS_INLINE f32x16 even_of_quarters(f32x16 a, f32x16 b) {
  return {_mm512_shuffle_ps(a.v, b.v, 0x88)};
}
UDL_ALWAYS_INLINE f32x16 odd_of_quarters(f32x16 a, f32x16 b) {
  return {_mm512_shuffle_ps(a.v, b.v, 0xDD)};
}

UDL_ALWAYS_INLINE i32x16 pair_sums(i32x16 a, i32x16 b) {
  return {_mm512_madd_epi16(_mm512_packs_epi32(a.v, b.v), _mm512_set1_epi16(1))};
}

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

}  // namespace
}  // namespace udl
