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

}  // namespace
}  // namespace udl
