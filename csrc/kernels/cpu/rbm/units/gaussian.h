#pragma once
// Gaussian units: the mean is the input, and each unit has a standard deviation of its own.
#include "kernels/cpu/rbm/units/real_valued.h"

namespace udl {
namespace {

constexpr float kHalfLogTwoPi = 0x1.d67f1cp-1f;  ///< log(2 pi) / 2

struct GaussianUnits {
  f32x16 deviation;

  UDL_ALWAYS_INLINE f32x16 mean(f32x16 x) const { return x; }
  UDL_ALWAYS_INLINE f32x16 sample(f32x16 x, i32x16 draws) const {
    return x + deviation * normal_from_bits(draws);
  }
  /// Of hidden units, whose deviation is 1.
  UDL_ALWAYS_INLINE f32x16 log_sum(f32x16 x) const {
    return deviation * (broadcast(0.5f) * x * x + broadcast(kHalfLogTwoPi));
  }
};

void activate_gaussian(const UnitInput& in, const UnitOutput& out) {
  activate_real(in, out, GaussianUnits{load(in.deviation)});
}

void gaussian_log_terms(const UnitInput& in, const UnitTerms& out) {
  real_log_terms(in, out, GaussianUnits{load(in.deviation)});
}

}  // namespace
}  // namespace udl
