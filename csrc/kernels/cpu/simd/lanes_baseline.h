#pragma once
// Any processor: plain loops that a compiler turns into what its target has. What each operation
// means is said in simd.h.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/bits.h"
#include "base/fixed.h"
#include "base/macros.h"

namespace udl {
namespace {

// ---- rows of floats and integers ----

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

// ---- floats ----

UDL_ALWAYS_INLINE void keep_in_register(f32x16&) {}
UDL_ALWAYS_INLINE void keep_in_register(i32x16&) {}
UDL_ALWAYS_INLINE f32x16 broadcast_in_register(float x) { return broadcast(x); }
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
#if defined(__FP_FAST_FMAF)
UDL_ALWAYS_INLINE f32x16 multiply_add(const f32x16& a, const f32x16& b, const f32x16& c) {
  return lanes<f32x16>([&](int k) { return __builtin_fmaf(a.v[k], b.v[k], c.v[k]); });
}
#else
/// Whether a sum in double may round to another float than the exact sum does: it lies half way
/// between two floats, or below the normal ones, where half ways lie elsewhere.
UDL_ALWAYS_INLINE bool may_round_twice(double sum) {
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof bits);
  const uint32_t below_float = static_cast<uint32_t>(bits) & 0x1FFFFFFFu;
  return (below_float == 0x10000000u) | ((sum != 0) & (std::fabs(sum) < 0x1p-126));
}
/// A product of floats is exact in double, and so is nearly always the float of a sum in double.
UDL_ALWAYS_INLINE f32x16 multiply_add(const f32x16& a, const f32x16& b, const f32x16& c) {
  f32x16 out;
  int n_doubtful = 0;
  for (int k = 0; k < 16; ++k) {
    const double sum = static_cast<double>(a.v[k]) * b.v[k] + c.v[k];
    out.v[k] = static_cast<float>(sum);
    n_doubtful += may_round_twice(sum);
  }
  if (n_doubtful > 0)
    for (int k = 0; k < 16; ++k) out.v[k] = std::fmaf(a.v[k], b.v[k], c.v[k]);
  return out;
}
#endif
UDL_ALWAYS_INLINE f32x16 min(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] < b.v[k] ? a.v[k] : b.v[k]; });
}
UDL_ALWAYS_INLINE f32x16 max(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return a.v[k] > b.v[k] ? a.v[k] : b.v[k]; });
}
UDL_ALWAYS_INLINE f32x16 square_root(const f32x16& a) {
  return lanes<f32x16>([&](int k) { return std::sqrt(a.v[k]); });
}
UDL_ALWAYS_INLINE i32x16 magnitude_bits(const f32x16& a) {
  i32x16 out;
  std::memcpy(out.v, a.v, sizeof out.v);
  for (int k = 0; k < 16; ++k) out.v[k] &= 0x7FFFFFFF;
  return out;
}
UDL_ALWAYS_INLINE f32x16 sign(const f32x16& a) {
  return lanes<f32x16>([&](int k) { return static_cast<float>((a.v[k] > 0) - (a.v[k] < 0)); });
}
UDL_ALWAYS_INLINE uint16_t less(const f32x16& a, const f32x16& b) {
  uint32_t mask = 0;
  for (int k = 0; k < 16; ++k) mask |= static_cast<uint32_t>(a.v[k] < b.v[k]) << k;
  return static_cast<uint16_t>(mask);
}
UDL_ALWAYS_INLINE f32x16 where_less(const f32x16& a, const f32x16& b, const f32x16& x,
                                    const f32x16& y) {
  return lanes<f32x16>([&](int k) { return a.v[k] < b.v[k] ? x.v[k] : y.v[k]; });
}

// ---- integers ----

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
UDL_ALWAYS_INLINE i32x16 blend_halves(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>(
      [&](int k) { return wrap((bits_of(a.v[k]) & 0xFFFFu) | (bits_of(b.v[k]) & 0xFFFF0000u)); });
}

// ---- from one to the other ----

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
UDL_ALWAYS_INLINE i32x16 bits_of_float(const f32x16& a) {
  i32x16 out;
  std::memcpy(out.v, a.v, sizeof out.v);
  return out;
}

// ---- words ----

struct u64x8 {
  uint64_t v[8];
};
UDL_ALWAYS_INLINE u64x8 even_lanes(const i32x16& a) {
  return lanes<u64x8, 8>([&](int k) { return uint64_t{bits_of(a.v[2 * k])}; });
}
UDL_ALWAYS_INLINE u64x8 odd_lanes(const i32x16& a) {
  return lanes<u64x8, 8>([&](int k) { return uint64_t{bits_of(a.v[2 * k + 1])}; });
}
UDL_ALWAYS_INLINE i32x16 merge_lanes(const u64x8& even, const u64x8& odd) {
  return lanes<i32x16>(
      [&](int k) { return wrap(static_cast<uint32_t>((k & 1 ? odd : even).v[k / 2])); });
}
UDL_ALWAYS_INLINE u64x8 multiply_low_words(const u64x8& a, uint32_t m) {
  return lanes<u64x8, 8>([&](int k) { return (a.v[k] & 0xFFFFFFFFu) * m; });
}
UDL_ALWAYS_INLINE u64x8 high_words(const u64x8& a) {
  return lanes<u64x8, 8>([&](int k) { return a.v[k] >> 32; });
}
UDL_ALWAYS_INLINE u64x8 xor3(const u64x8& a, const u64x8& b, uint32_t c) {
  return lanes<u64x8, 8>([&](int k) { return a.v[k] ^ b.v[k] ^ c; });
}
UDL_ALWAYS_INLINE u64x8 operator^(const u64x8& a, const u64x8& b) {
  return lanes<u64x8, 8>([&](int k) { return a.v[k] ^ b.v[k]; });
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
UDL_ALWAYS_INLINE u64x8 count_bits(const u64x8& a) {
  return lanes<u64x8, 8>([&](int k) { return uint64_t{bits_of(popcount(a.v[k]))}; });
}
UDL_ALWAYS_INLINE i32x16 low_halves(const u64x8& a, const u64x8& b) {
  return lanes<i32x16>(
      [&](int k) { return wrap(static_cast<uint32_t>((k < 8 ? a : b).v[k % 8])); });
}

// ---- short integers ----

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
UDL_ALWAYS_INLINE i16x16 operator-(const i16x16& a, const i16x16& b) {
  return lanes<i16x16>([&](int k) { return wrap_short(a.v[k] - b.v[k]); });
}
UDL_ALWAYS_INLINE i16x16 max(const i16x16& a, const i16x16& b) {
  return lanes<i16x16>([&](int k) { return a.v[k] > b.v[k] ? a.v[k] : b.v[k]; });
}
UDL_ALWAYS_INLINE int16_t saturated_sum(int a, int b) {
  const int sum = a + b;
  return static_cast<int16_t>(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
}
UDL_ALWAYS_INLINE i16x16 add_saturated(const i16x16& a, const i16x16& b) {
  return lanes<i16x16>([&](int k) { return saturated_sum(a.v[k], b.v[k]); });
}
UDL_ALWAYS_INLINE i16x16 neighbour_sums(const i16x16& a, const i16x16& b) {
  return lanes<i16x16>([&](int k) {
    const i16x16& from = k & 4 ? b : a;
    const int first = (k & 8) + 2 * (k & 3);
    return saturated_sum(from.v[first], from.v[first + 1]);
  });
}
UDL_ALWAYS_INLINE i16x16 add_halves(const i16x16& a, const i16x16& b) {
  return lanes<i16x16>([&](int k) {
    const i16x16& from = k & 8 ? b : a;
    return saturated_sum(from.v[k & 7], from.v[8 + (k & 7)]);
  });
}
UDL_ALWAYS_INLINE i16x16 zero_i16x16() {
  return lanes<i16x16>([](int) { return wrap_short(0); });
}
UDL_ALWAYS_INLINE i16x16 narrow(const i32x16& a) {
  return lanes<i16x16>([&](int k) { return wrap_short(a.v[k]); });
}
UDL_ALWAYS_INLINE i32x16 widen_signed(const i16x16& a) {
  return lanes<i32x16>([&](int k) { return int32_t{a.v[k]}; });
}
UDL_ALWAYS_INLINE i32x16 widen_unsigned(const i16x16& a) {
  return lanes<i32x16>([&](int k) { return int32_t{static_cast<uint16_t>(a.v[k])}; });
}

// ---- between lanes ----

UDL_ALWAYS_INLINE i32x16 interleave_low(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return (k & 1 ? b : a).v[(k & ~3) + (k & 3) / 2]; });
}
UDL_ALWAYS_INLINE i32x16 interleave_high(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) { return (k & 1 ? b : a).v[(k & ~3) + (k & 3) / 2 + 2]; });
}

UDL_ALWAYS_INLINE f32x16 even_of_quarters(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return (k & 2 ? b : a).v[(k & ~3) + 2 * (k & 1)]; });
}
UDL_ALWAYS_INLINE f32x16 odd_of_quarters(const f32x16& a, const f32x16& b) {
  return lanes<f32x16>([&](int k) { return (k & 2 ? b : a).v[(k & ~3) + 2 * (k & 1) + 1]; });
}

UDL_ALWAYS_INLINE i32x16 pair_sums(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) {
    const int first = (k & ~3) + 2 * (k & 1);
    const i32x16& from = k & 2 ? b : a;
    return wrap(bits_of(from.v[first]) + bits_of(from.v[first + 1]));
  });
}

UDL_ALWAYS_INLINE void transpose_quarters(i32x16 (&x)[4]) {
  i32x16 out[4];
  for (int row = 0; row < 4; ++row)
    for (int k = 0; k < 16; ++k) out[row].v[k] = x[k / 4].v[4 * row + k % 4];
  std::memcpy(x, out, sizeof out);
}

UDL_ALWAYS_INLINE void load_columns(const float* p, int64_t row_stride, f32x16 (&out)[4]) {
  for (int column = 0; column < 4; ++column)
    for (int k = 0; k < 16; ++k) out[column].v[k] = p[k * row_stride + column];
}

}  // namespace
}  // namespace udl
