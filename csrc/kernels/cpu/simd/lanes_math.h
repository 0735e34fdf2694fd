#pragma once
// Elementary functions of sixteen lanes, written once over the operations of simd.h.
#include "base/macros.h"
#include "base/math.h"
#include "base/normal.h"

namespace udl {
namespace {

/// 2^n of an n that was added to kRoundMagic.
UDL_ALWAYS_INLINE f32x16 power_of_two(f32x16 shifted) {
  return float_from_bits(shift_left<23>(bits_of_float(shifted)) + broadcast(kOneBits));
}

/// The lanes of udl::exp_negative, step by step: of one vector, or of several (vectors.h).
template <class Lanes>
UDL_ALWAYS_INLINE Lanes exp_negative(Lanes x) {
  const Lanes y =
      max(min(broadcast(0.0f) - x, broadcast(kExpArgumentMax)), broadcast(kExpArgumentMin));
  const Lanes magic = broadcast(kRoundMagic);
  const Lanes shifted = y * broadcast(kLog2E) + magic;  // n lies in its lowest bits
  const Lanes n = shifted - magic;
  const Lanes r = (y - n * broadcast(kLn2High)) - n * broadcast(kLn2Low);
  Lanes p = broadcast(exp_coefficient(0));
  for (int i = 1; i < kExpTerms; ++i) p = p * r + broadcast(exp_coefficient(i));
  p = (p * (r * r) + r) + broadcast(1.0f);
  return p * power_of_two(shifted);
}

UDL_ALWAYS_INLINE f32x16 magnitude(f32x16 x) { return float_from_bits(magnitude_bits(x)); }

/// n of |x| = f 2^n with f between sqrt(1/2) and sqrt(2), by the bits of |x|; n and f.
UDL_ALWAYS_INLINE i32x16 log_scale_bits(i32x16 bits) {
  return shift_right_logical<23>(bits + broadcast(kOneBits - kSqrtHalfBits)) - broadcast(127);
}
UDL_ALWAYS_INLINE f32x16 log_scale(f32x16 x) { return to_float(log_scale_bits(magnitude_bits(x))); }
UDL_ALWAYS_INLINE f32x16 log_mantissa(f32x16 x) {
  const i32x16 bits = magnitude_bits(x);
  return float_from_bits(bits - shift_left<23>(log_scale_bits(bits)));
}

/// The lanes of udl::log_scaled, step by step: of one vector, or of several.
template <class Lanes>
UDL_ALWAYS_INLINE Lanes log_scaled(Lanes x, Lanes power) {
  const Lanes f = log_mantissa(x) - broadcast(1.0f);
  const Lanes s = f / (f + broadcast(2.0f)), z = s * s;
  Lanes r = broadcast(log_coefficient(kLogTerms - 1));
  for (int i = kLogTerms - 2; i >= 0; --i) r = r * z + broadcast(log_coefficient(i));
  const Lanes half_square = broadcast(0.5f) * f * f, total = log_scale(x) + power;
  return ((((half_square + r * z) * s + total * broadcast(kLn2Low)) - half_square) + f) +
         total * broadcast(kLn2High);
}

/// What a 32-bit draw r stands for, the probability u = (r + 1/2) 2^-32 of less.
struct UniformLanes {
  f32x16 middle;  ///< |u - 1/2|
  f32x16 end;     ///< min(u, 1 - u)
  i32x16 below;   ///< -1 where u < 1/2, else 0

  UDL_ALWAYS_INLINE f32x16 u() const { return where_below(end, broadcast(1.0f) - end); }
  UDL_ALWAYS_INLINE f32x16 one_minus_u() const { return where_below(broadcast(1.0f) - end, end); }

 private:
  UDL_ALWAYS_INLINE f32x16 where_below(f32x16 x, f32x16 y) const {
    return where_less(to_float(below), broadcast(0.0f), x, y);
  }
};
UDL_ALWAYS_INLINE UniformLanes uniform_from_bits(i32x16 bits) {
  const i32x16 offset = bits ^ broadcast(static_cast<int32_t>(kMedianDraw));
  const i32x16 size = max(offset, offset ^ broadcast(-1));
  const f32x16 half = broadcast(0.5f), unit = broadcast(kDrawUnit);
  return {(to_float(size) + half) * unit,
          (to_float(size ^ broadcast(kLargestDistance)) + half) * unit, offset ^ size};
}

/// The size of the normal number whose probability is so far from the middle and from the nearer
/// end. One vector in sixty has a lane in the tail.
UDL_ALWAYS_INLINE f32x16 normal_size(f32x16 middle, f32x16 end) {
  const f32x16 zero = broadcast(0.0f), tail = broadcast(kNormalTail);
  const f32x16 w =
      zero - log_scaled((end * broadcast(4.0f)) * (broadcast(1.0f) - end), broadcast(0.0f));
  f32x16 t = w - broadcast(kNormalCentre), p = broadcast(normal_coefficient(0));
  for (int i = 1; i < kNormalTerms; ++i) p = p * t + broadcast(normal_coefficient(i));
  if (less(w, tail) != 0xFFFF) {
    t = square_root(max(w, tail)) - broadcast(kNormalTailCentre);
    f32x16 far = broadcast(normal_tail_coefficient(0));
    for (int i = 1; i < kNormalTailTerms; ++i)
      far = far * t + broadcast(normal_tail_coefficient(i));
    p = where_less(w, tail, p, far);
  }
  return p * middle;
}

/// The lanes of udl::normal_from_bits, step by step.
UDL_ALWAYS_INLINE f32x16 normal_from_bits(i32x16 bits) {
  const UniformLanes u = uniform_from_bits(bits);
  const f32x16 size = normal_size(u.middle, u.end);
  return float_from_bits(magnitude_bits(size) ^ shift_left<31>(u.below));
}

}  // namespace
}  // namespace udl
