#pragma once
// Gaussian units: the mean is the input, and each unit has a standard deviation of its own.
#include "kernels/cpu/rbm/units/real_valued.h"

namespace udl {
namespace {

struct GaussianUnits {
  f32x16 deviation;

  UDL_ALWAYS_INLINE f32x16 mean(f32x16 x) const { return x; }
  UDL_ALWAYS_INLINE f32x16 sample(f32x16 x, f32x16 normal) const { return x + deviation * normal; }
};

void activate_gaussian(const UnitInput& in, const UnitOutput& out) {
  activate_real(in, out, GaussianUnits{load(in.deviation)});
}

}  // namespace
}  // namespace udl
