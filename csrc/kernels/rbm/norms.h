#pragma once
// Norms of integer weights, which fix their scale or tell whether it still holds (base/fixed.h). A
// half-norm is the sum of the positive integers of a row or a column, or of its negative ones.
//
// `half_norm` kernels look at weights that are there; the update gathers others for the scale in
// use while new weights are in registers (kernels/rbm/update.h), which these look through.
#include <cstdint>

#include "base/fixed.h"
#include "base/view.h"
#include "kernels/rbm/products.h"

namespace udl {

/// Norms of wide tables are tracked in units of 2^9: 2^23 >> 9 fits the 16-bit lanes of the pair
/// sums. Larger |z| show in `largest_bits` and make the norms irrelevant.
constexpr int kNormShift = 9;
/// Tracked sums stop growing here, where the scale cannot hold: no number of units makes them wrap.
constexpr int32_t kMaxTrackedNorm = static_cast<int32_t>(kHalfNormLimit >> kNormShift);

struct NormKernels {
  /// Float bits of the largest magnitude of n values, a multiple of 16; NaN is the largest. Exact.
  int32_t (*largest_bits)(const float* values, int64_t n);

  /// Largest half-norm of `block` aligned units of a row or a column of integers z = round(W *
  /// inverse_scale), all |z| < 2^24: of the 16 hidden units of panel `tile`, and of visible units
  /// 16 tile .. 16 tile + 15. `block` is a multiple of 64. Exact.
  int64_t (*hidden_half_norm)(const WeightPanelsView& weights, int64_t tile, int64_t block);
  int64_t (*visible_half_norm)(const WeightPanelsView& weights, int64_t tile, int64_t block);

  /// Largest element of n (a multiple of 16) integers. Exact.
  int32_t (*largest)(const int32_t* values, int64_t n);

  /// Largest sum over row_norms[p][i], p = 0 .. n_partials - 1, of the positive or of the negative
  /// lanes of a visible unit i (PanelUpdate::row_norms; one partial array a thread). Sums of lanes
  /// stop at kMaxTrackedNorm. Exact.
  int64_t (*largest_row_norm)(const int32_t* const* row_norms, int n_partials, int64_t n_visible);

  /// Largest half-norm in sums of n_panels panels (NarrowNorms::rows), each of n (a multiple of 32)
  /// elements. Sums stop at 2^15 - 1. Exact.
  int32_t (*largest_narrow_row_norm)(const int16_t* const* rows, int n_panels, int64_t n);
};

}  // namespace udl
