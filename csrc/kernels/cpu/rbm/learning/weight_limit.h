#pragma once
// A limit on the weights of each hidden unit.
#include <cmath>

#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

bool limit_norms(float* weights, int64_t n_visible, float limit) {
  f32x16 squares = broadcast(0.0f);
  for (int64_t i = 0; i < n_visible; ++i) {
    const f32x16 row = load(weights + i * kTileUnits);
    squares = multiply_add(row, row, squares);
  }
  alignas(64) float factors[kTileUnits];
  store(factors, squares);
  bool beyond = false;
  for (float& factor : factors) {
    const float norm = std::sqrt(factor);
    beyond = beyond || norm > limit;
    factor = norm > limit ? limit / norm : 1.0f;
  }
  if (!beyond) return false;
  const f32x16 scales = load(factors);
  for (int64_t i = 0; i < n_visible; ++i) {
    float* row = weights + i * kTileUnits;
    store(row, load(row) * scales);
  }
  return true;
}

}  // namespace
}  // namespace udl
