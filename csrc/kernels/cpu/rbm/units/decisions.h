#pragma once
// Which Bernoulli units fire: udl::fires, exactly.
//
// A unit fires if u (1 + e^-x) < 1. Whether it does needs e^-x only as well as u is far from the
// bound. So the left side is found roughly first, with a bound of its error; rows of which a unit
// is nearer than that, one vector in hundreds, are decided as udl::fires says.
#include "base/math.h"
#include "base/sampling.h"
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

/// The uniform number of a draw in units of 2^-24.
UDL_ALWAYS_INLINE f32x16 uniform_of(i32x16 draws) {
  return to_float(shift_right_logical<kUniformShift>(draws));
}

UDL_ALWAYS_INLINE uint16_t fires(i32x16 draws, f32x16 one_plus_exp) {
  return less(uniform_of(draws) * one_plus_exp, broadcast(kUniformOne));
}

UDL_ALWAYS_INLINE void decide_exactly(const f32x16 (&x)[4], const i32x16 (&draws)[4],
                                      uint16_t (&bits)[4]) {
  for (int k = 0; k < 4; ++k) bits[k] = fires(draws[k], broadcast(1.0f) + exp_negative(x[k]));
}

/// Lanes of a that are neither below `low` nor above `high`, a NaN among them.
UDL_ALWAYS_INLINE uint32_t between(uint16_t is_below, f32x16 high, f32x16 a) {
  return 0xFFFFu & ~static_cast<uint32_t>(is_below | less(high, a));
}

/// Coefficients of t, t^2 and t^3 of 2^t, |t| <= 1/2, of a relative error below 2^-13.
constexpr float kRough[3] = {0x1.62f5fap-1f, 0x1.f00c4cp-3f, 0x1.c2a218p-5f};

/// 2^t, roughly, for t below 128; from there on, and for a NaN, +inf. 2^-100 for less than that.
UDL_ALWAYS_INLINE f32x16 rough_exp2(f32x16 t) {
  const f32x16 bounded = max(min(t, broadcast(128.0f)), broadcast(-100.0f));
  const f32x16 shifted = bounded + broadcast(kRoundMagic);  // the whole part in its lowest bits
  const f32x16 r = bounded - (shifted - broadcast(kRoundMagic));
  const f32x16 p =
      ((broadcast(kRough[2]) * r + broadcast(kRough[1])) * r + broadcast(kRough[0])) * r +
      broadcast(1.0f);
  return float_from_bits(bits_of_float(p) + shift_left<23>(bits_of_float(shifted)));
}

/// Given x. Both sides are doubled: so 2 e^-x is infinite before e^-x of udl::fires is, for which
/// u = 0 fires no more; 0 times infinity is a NaN, and decided exactly.
UDL_ALWAYS_INLINE void decide(const f32x16 (&x)[4], const i32x16 (&draws)[4], uint16_t (&bits)[4]) {
  constexpr float kError = 0x1p-11f;  // four times that of rough_exp2
  const f32x16 low = broadcast(2 * kUniformOne * (1 - kError)),
               high = broadcast(2 * kUniformOne * (1 + kError));
  uint32_t unsure = 0;
  for (int k = 0; k < 4; ++k) {
    const f32x16 twice_exp = rough_exp2(broadcast(1.0f) - x[k] * broadcast(kLog2E));
    const f32x16 a = uniform_of(draws[k]) * (broadcast(2.0f) + twice_exp);
    bits[k] = less(a, low);
    unsure |= between(bits[k], high, a);
  }
  if (unsure != 0) decide_exactly(x, draws, bits);
}

/// Given e^-|x| as well: below 0, u (1 + e^-|x|) < e^-|x| says the same but for rounding. Where
/// e^-|x| is so small that only u = 0 could fire, u = 0 is decided exactly.
UDL_ALWAYS_INLINE void decide_by_exponentials(const f32x16 (&x)[4], const f32x16 (&exponentials)[4],
                                              const i32x16 (&draws)[4], uint16_t (&bits)[4]) {
  constexpr float kError = 0x1p-17f;  // more than ten times what rounding and exp_negative give
  const f32x16 zero = broadcast(0.0f), one = broadcast(kUniformOne);
  uint32_t unsure = 0;
  for (int k = 0; k < 4; ++k) {
    const f32x16 a = uniform_of(draws[k]) * (broadcast(1.0f) + exponentials[k]);
    const f32x16 bound = where_less(x[k], zero, exponentials[k] * one, one);
    bits[k] = less(a, bound * broadcast(1 - kError) - broadcast(1e-12f));
    unsure |= between(bits[k], bound * broadcast(1 + kError), a);
  }
  if (unsure != 0) decide_exactly(x, draws, bits);
}

}  // namespace
}  // namespace udl
