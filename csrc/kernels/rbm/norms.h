#pragma once
// Norms of integer weights, which tell whether a scale still holds (base/fixed.h).
#include <cstdint>

namespace udl {

/// Norms are tracked in units of 2^9: 2^23 >> 9 fits the 16-bit lanes of the pair sums, and 2^17
/// units on a side fit an int32 lane. Larger |z| show in `largest_bits` and make the norms
/// irrelevant.
constexpr int kNormShift = 9;

struct NormKernels {
  /// Half-norms that fix the scale of narrow tables, of integers z = round(W * inverse_scale) of
  /// one panel. Written: row_norms[16 * ceil(n_visible / 16)][2], sums over the 16 lanes of
  /// positive and of negative z of each visible unit, in an order that is the same for every panel;
  /// sums that leave 15 bits saturate there or above. Returns the largest half-norm of a hidden
  /// unit over 64 visible units 64 b .. 64 b + 63. Exact.
  int32_t (*narrow)(const float* panel, int64_t n_visible, float inverse_scale, int32_t* row_norms);

  /// Largest element of the sum of n_arrays arrays of `length` (a multiple of 16) integers. Exact.
  int32_t (*largest_of_sums)(const int32_t* const* arrays, int n_arrays, int64_t length);

  /// Largest sum over row_norms[p][i], p = 0 .. n_partials - 1, of the positive or of the negative
  /// lanes of a visible unit i (PanelUpdate::row_norms; one partial array a thread). Exact.
  int64_t (*largest_row_norm)(const int32_t* const* row_norms, int n_partials, int64_t n_visible);
};

}  // namespace udl
