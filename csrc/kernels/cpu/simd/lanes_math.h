#pragma once
// Elementary functions of sixteen lanes, written once over the operations of simd.h.
#include "base/macros.h"
#include "base/math.h"

namespace udl {
namespace {

/// The lanes of udl::exp_negative, step by step.
UDL_ALWAYS_INLINE f32x16 exp_negative(f32x16 x) {
  const f32x16 y =
      max(min(broadcast(0.0f) - x, broadcast(kExpArgumentMax)), broadcast(kExpArgumentMin));
  const f32x16 magic = broadcast(kRoundMagic);
  const f32x16 n = (y * broadcast(kLog2E) + magic) - magic;
  const f32x16 r = (y - n * broadcast(kLn2High)) - n * broadcast(kLn2Low);
  f32x16 p = broadcast(exp_coefficient(0));
  for (int i = 1; i < kExpTerms; ++i) p = p * r + broadcast(exp_coefficient(i));
  p = (p * (r * r) + r) + broadcast(1.0f);
  return p * float_from_bits(shift_left<23>(round_to_int(n) + broadcast(127)));
}

UDL_ALWAYS_INLINE f32x16 magnitude(f32x16 x) { return float_from_bits(magnitude_bits(x)); }

/// The lanes of udl::log_scaled, step by step.
UDL_ALWAYS_INLINE f32x16 log_scaled(f32x16 x, f32x16 power) {
  const i32x16 bits = magnitude_bits(x);
  const i32x16 shifted = bits + broadcast(kOneBits - kSqrtHalfBits);
  const i32x16 n = shift_right_logical<23>(shifted) - broadcast(127);
  const f32x16 f = float_from_bits(bits - shift_left<23>(n)) - broadcast(1.0f);
  const f32x16 s = f / (f + broadcast(2.0f)), z = s * s;
  f32x16 r = broadcast(log_coefficient(kLogTerms - 1));
  for (int i = kLogTerms - 2; i >= 0; --i) r = r * z + broadcast(log_coefficient(i));
  const f32x16 half_square = broadcast(0.5f) * f * f, total = to_float(n) + power;
  return ((((half_square + r * z) * s + total * broadcast(kLn2Low)) - half_square) + f) +
         total * broadcast(kLn2High);
}

}  // namespace
}  // namespace udl
