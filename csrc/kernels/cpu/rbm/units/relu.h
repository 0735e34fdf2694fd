#pragma once
// Rectified units: a normal number of mean x and variance 1, given that it is above 0.
//
// All comes from Mills' ratio M(y) = P(n > y) / density(y) of the standard normal number n at
// y = |x|: with s = 1 / (y + c), M(y) and 1 / M(y) - y are s times polynomials in 1 - 2 c s, which
// runs through [-1, 1) (after Shepherd and Laframboise 1981); the coefficients are those of minimax
// fits of our own. Errors: docs/numerics.md.
#include "kernels/cpu/rbm/units/real_valued.h"

namespace udl {
namespace {

constexpr float kMillsCentre = 3.0f;         ///< c
constexpr float kLargestMillsInput = 1e18f;  ///< beyond, M would not stay a normal number
/// Coefficients, that of the highest power first.
constexpr float kMills[] = {0x1.3a3c12p-12f, -0x1.4f32a8p-12f, -0x1.4f02bcp-9f, 0x1.32ad9ep-9f,
                            0x1.1e1848p-6f,  -0x1.ac773cp-6f,  -0x1.e541c8p-4f, 0x1.2732eep-1f,
                            -0x1.46d63p+0f,  0x1.d3d9cap+0f};
constexpr float kMillsExcess[] = {0x1.beb3bcp-11f,  0x1.e855e2p-14f, -0x1.4f1d66p-8f,
                                  -0x1.86634ap-10f, 0x1.22caf2p-6f,  0x1.0382c2p-7f,
                                  -0x1.be15fep-5f,  -0x1.a17034p-6f, 0x1.7c44bep-3f,
                                  0x1.194164p-6f,   -0x1.aede14p-1f, 0x1.b2d6eap+0f};
constexpr float kSqrtTwoPi = 0x1.40d932p+1f;
constexpr int kNewtonSteps = 3;

/// The first factor of both, and the argument of their polynomials, for y >= 0.
struct MillsArgument {
  f32x16 s, t;

  explicit UDL_ALWAYS_INLINE MillsArgument(f32x16 y)
      : s(broadcast(1.0f) / (min(y, broadcast(kLargestMillsInput)) + broadcast(kMillsCentre))),
        t(broadcast(1.0f) - broadcast(2 * kMillsCentre) * s) {}

  template <int kTerms>
  UDL_ALWAYS_INLINE f32x16 times(const float (&coefficients)[kTerms]) const {
    f32x16 p = broadcast(coefficients[0]);
    for (int i = 1; i < kTerms; ++i) p = p * t + broadcast(coefficients[i]);
    return p * s;
  }
};

UDL_ALWAYS_INLINE f32x16 mills_ratio(f32x16 y) { return MillsArgument(y).times(kMills); }

/// M(-x) / e^(max(x, 0)^2 / 2), of which the numerator is the integral of e^(x s - s^2 / 2) over
/// s > 0: M itself below 0, and above it sqrt(2 pi) P(n < x).
UDL_ALWAYS_INLINE f32x16 relu_ratio(f32x16 x) {
  const f32x16 zero = broadcast(0.0f), m = mills_ratio(magnitude(x));
  const f32x16 beyond = exp_negative(broadcast(0.5f) * x * x) * m;
  return where_less(x, zero, m, broadcast(kSqrtTwoPi) - beyond);
}

/// x + density(x) / P(n < x).
UDL_ALWAYS_INLINE f32x16 relu_mean(f32x16 x) {
  const MillsArgument argument(magnitude(x));
  const f32x16 density = exp_negative(broadcast(0.5f) * x * x);
  const f32x16 ratio = broadcast(kSqrtTwoPi) - density * argument.times(kMills);
  return where_less(x, broadcast(0.0f), argument.times(kMillsExcess), x + density / ratio);
}

/// The t > 0 with P(n > t + y) = u P(n > y), y >= 0: Newton's method for log M(y) - log M(y + t) +
/// t (y + t / 2) = -log u. It starts from where M falls as it does far out; the left side is
/// convex, so that later steps come from above.
UDL_ALWAYS_INLINE f32x16 relu_tail_sample(f32x16 y, const UniformLanes& uniform) {
  const f32x16 zero = broadcast(0.0f), half = broadcast(0.5f), two = broadcast(2.0f);
  const f32x16 wanted = zero - log_scaled(uniform.u(), zero);
  const MillsArgument argument(y);
  const f32x16 start = argument.times(kMills), hazard = y + argument.times(kMillsExcess);
  f32x16 t = two * wanted / (hazard + square_root(hazard * hazard + two * wanted));
  for (int step = 0; step < kNewtonSteps; ++step) {
    const f32x16 m = mills_ratio(y + t);
    const f32x16 found = log_scaled(start / m, zero) + t * (y + half * t);
    t = max(t + m * (wanted - found), zero);
  }
  return t;
}

/// x less the normal number that is below with probability u P(n < x), x >= 0.
UDL_ALWAYS_INLINE f32x16 relu_near_sample(f32x16 x, const UniformLanes& uniform) {
  const f32x16 zero = broadcast(0.0f), one = broadcast(1.0f), half = broadcast(0.5f);
  const f32x16 beyond = exp_negative(half * x * x) * mills_ratio(x) * broadcast(1 / kSqrtTwoPi);
  const f32x16 u = uniform.u(), p = u * (one - beyond), q = uniform.one_minus_u() + u * beyond;
  const f32x16 size = normal_size(magnitude(half - p), min(p, q));
  return max(where_less(p, half, x + size, x - size), zero);
}

UDL_ALWAYS_INLINE f32x16 relu_sample(f32x16 x, i32x16 draws) {
  const UniformLanes uniform = uniform_from_bits(draws);
  const f32x16 zero = broadcast(0.0f), y = magnitude(x);
  const uint16_t is_negative = less(x, zero);
  f32x16 out = zero;
  if (is_negative != 0xFFFF) out = relu_near_sample(y, uniform);
  if (is_negative != 0) out = where_less(x, zero, relu_tail_sample(y, uniform), out);
  return out;
}

/// With a standard deviation d, units are d times those of mean x / d and variance 1.
class ReluUnits {
 public:
  /// `deviation` is 0 for missing units, whose inputs are 0.
  explicit UDL_ALWAYS_INLINE ReluUnits(f32x16 deviation)
      : deviation_(deviation), inverse_(broadcast(1.0f) / max(deviation, broadcast(1e-20f))) {}

  UDL_ALWAYS_INLINE f32x16 mean(f32x16 x) const { return deviation_ * relu_mean(x * inverse_); }
  UDL_ALWAYS_INLINE f32x16 sample(f32x16 x, i32x16 draws) const {
    return deviation_ * relu_sample(x * inverse_, draws);
  }
  /// Of hidden units, whose deviation is 1.
  UDL_ALWAYS_INLINE f32x16 log_sum(f32x16 x) const {
    const f32x16 zero = broadcast(0.0f), above = max(x, zero);
    return deviation_ * (broadcast(0.5f) * above * above + log_scaled(relu_ratio(x), zero));
  }

 private:
  f32x16 deviation_, inverse_;
};

void activate_relu(const UnitInput& in, const UnitOutput& out) {
  activate_real(in, out, ReluUnits{load(in.deviation)});
}

void relu_log_terms(const UnitInput& in, const UnitTerms& out) {
  real_log_terms(in, out, ReluUnits{load(in.deviation)});
}

}  // namespace
}  // namespace udl
