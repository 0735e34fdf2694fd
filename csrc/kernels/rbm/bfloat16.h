#pragma once
// Products of real-valued states whose factors are rounded to bfloat16, eight bits, with weights
// and sums in float32. A pair of numbers takes one lane of 32 bits. AVX512_BF16 alone: the table of
// another target holds null pointers.
#include <cstdint>

#include "kernels/rbm/products.h"

namespace udl {

constexpr int64_t kTilePairs = kTileUnits / 2;  ///< of units

/// Rows of states as pairs, twice, in whole tiles.
///
/// by_unit: pairs of units, for sums over the units. Rows lie in blocks as they are multiplied, a
/// block after the other: tile t of row r of a block of `height` rows from `first` on starts at
/// (first * n_tiles + t * height + r) * kTilePairs. So a product reads from the beginning to the
/// end.
///
/// by_row: pairs of rows, for sums over the rows. Unit 16 t + k in rows 2 b and 2 b + 1 is at
/// t * row_stride() + 16 b + k; a row that is missing counts as 0.
struct PairedRows {
  float *by_unit, *by_row;
  int64_t rows, n_tiles;

  int64_t row_stride() const { return divide_up(rows, 2) * kTileUnits; }
};

/// A phase of a gradient: rows of visible states, and pairs of rows of means of 16 hidden units.
struct PairedPhase {
  PairedRows visible;
  const float* means;
};

struct RbmBfloat16Kernels {
  /// Rounds a tile of to.rows rows, which lie row_stride apart.
  void (*pack)(const float* values, int64_t row_stride, int64_t tile, const PairedRows& to);
  /// Rounds means [rows][16] times a sign, in pairs of rows.
  void (*pack_means)(const float* means, int64_t rows, float sign, float* pairs);

  /// ProductKernels::dense_hidden_sums, of rounded values and weights; pairs of units are added in
  /// order. Scratch has 8 * 16 numbers for each visible tile.
  void (*hidden_sums)(const WeightPanelsView& weights, int64_t tile, const PairedRows& values,
                      float* scratch, float* sums);

  /// sums[i][k] = mean over the rows of the first phase of visible unit i times means[.][k], plus
  /// the same of the second; pairs of rows are added in order. Means come with their sign.
  void (*gradient_sums)(const PairedPhase& positive, const PairedPhase& negative, int64_t n_visible,
                        float* sums);
};

}  // namespace udl
