#pragma once
// Fixed-point weights and probabilities: sums of them are exact integers and have no order.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/macros.h"

namespace udl {

// One power of two 2^e per weight tensor, shared by both directions: the smallest e >=
// kMinScaleExponent for which the integers z = round(W / 2^e) satisfy
//   |z| < 2^23 (three signed 8-bit slices hold a weight), and
//   every row's and every column's sum of positive z, and of negative z, is below 2^31 in size.
// Any partial sum of a row or column, in any order, then lies between those two sums: no sum
// overflows.
constexpr int kMinScaleExponent = -60;
constexpr int32_t kMaxQuantised = (1 << 23) - 1;
constexpr int64_t kHalfNormLimit = int64_t{1} << 31;

// precision "fast": the same with integers of 16 bits. e is the smallest for which, among any 64
// aligned units of a row or a column (a word of states), the sums of positive and of negative z are
// below 2^15 - 1: the sums of one word fit 16 bits, and words are added in 32.
constexpr int64_t kNarrowHalfNormLimit = (int64_t{1} << 15) - 1;

/// Whether integers of at most `largest` < 2^24 hold x >= 0 once it is rounded. Exact: floats below
/// 2^23 have halves.
UDL_HD inline bool rounds_within(float x, int32_t largest) {
  return x < static_cast<float>(largest) + 0.5f;
}

/// 2^exponent; the exponents of real scales, which are normal numbers, take no call.
UDL_HD inline float power_of_two(int exponent) {
  if (exponent < -126 || exponent > 127) return std::ldexp(1.0f, exponent);
  const int32_t bits = (exponent + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return power;
}

/// Nearest integer, ties to even, for |x| < 2^31. Adding 1.5 * 2^52 leaves it in the low mantissa
/// bits; a device has an instruction.
UDL_HD inline int32_t round_to_int(float x) {
#if defined(__CUDA_ARCH__)
  return __float2int_rn(x);
#else
  const double shifted = static_cast<double>(x) + 6755399441055744.0;
  int64_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  return static_cast<int32_t>(bits);
#endif
}

// Probabilities in gradients: 16-bit fixed point, p = 1 clamped to 65535 / 65536.
constexpr int kProbabilityBits = 16;
constexpr float kProbabilityOne = 1 << kProbabilityBits;
constexpr float kProbabilityMax = kProbabilityOne - 1;

/// Rows whose fixed-point probabilities one int32 sum may hold: 2^14 * 2^16 = 2^30, so that a
/// difference of two such sums fits as well.
constexpr int64_t kMaxRowsPerSum = 16384;

}  // namespace udl
