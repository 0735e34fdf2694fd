#pragma once
// Noisy rectified linear units (Nair and Hinton, "Rectified linear units improve restricted
// Boltzmann machines", ICML 2010): max(0, x + n sqrt(sigmoid(x))), n a standard normal number.
#include "kernels/cpu/rbm/units/real_valued.h"

namespace udl {
namespace {

struct ReluUnits {
  /// Of the many copies of a binary unit, with biases 1/2, 3/2, .. lower, that such a unit stands
  /// for.
  UDL_ALWAYS_INLINE f32x16 mean(f32x16 x) const { return max(x, broadcast(0.0f)); }
  UDL_ALWAYS_INLINE f32x16 sample(f32x16 x, f32x16 normal) const {
    const f32x16 one = broadcast(1.0f), variance = one / (one + exp_negative(x));
    return max(x + square_root(variance) * normal, broadcast(0.0f));
  }
};

void activate_relu(const UnitInput& in, const UnitOutput& out) {
  activate_real(in, out, ReluUnits{});
}

}  // namespace
}  // namespace udl
