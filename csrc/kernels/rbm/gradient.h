#pragma once
// What a minibatch says about weights and biases: sums over its rows of pairs and of units, and the
// unit-major bits they are made from.
#include <cstdint>

#include "base/view.h"
#include "kernels/rbm/products.h"

namespace udl {

/// What a product does with the sums it is handed.
enum class Combine { overwrite, subtract };

/// Units a gradient of narrow tables counts probabilities in: 64 of them, at most 1023 each, fit 16
/// bits.
constexpr int kNarrowProbabilityShift = 6;  ///< 2^16 >> 6 = 2^10

/// How the probabilities of a gradient are rounded.
struct ProbabilityRounding {
  bool narrow;           ///< to ten bits, for tables of 16 bits
  int32_t first_offset;  ///< narrow: what row 0 of each phase is rounded at, 0 .. 63
};

struct GradientKernels {
  /// out bit [unit][row] = in bit [row][unit] for units 16 tile .. 16 tile + 15; `out` has units as
  /// rows. Writes whole 16-bit pieces: every word of those units that covers input rows. Exact.
  void (*transpose_tile)(const BitMatrixView& in, int64_t tile, const BitMatrixView& out);

  /// Units 16 tile .. 16 tile + 15 of two phases side by side: the columns of `positive`, then
  /// those of `negative`. Bits beyond the columns of the inputs do not count. Writes 16 rows of
  /// `out`. Exact.
  void (*join_units)(const BitMatrixView& positive, const BitMatrixView& negative, int64_t tile,
                     const BitMatrixView& out);

  /// sums[i][k] = sum over rows b of +- bit[i][b] * probabilities_fixed[b][k], minus from row
  /// `first_negative` on: both phases of a gradient are one product. `units` has the visible units
  /// as rows and the batch, or that of the positive phase followed by that of the negative one, as
  /// columns; at most kMaxRowsPerSum rows a phase; scratch has kTableScratch integers. Exact.
  /// Narrow rounding sums, in units of 2^-10, min(1023, (p + d) >> 6) with d = (first_offset + 37
  /// r) mod 64 for row r of its phase.
  void (*sums)(const BitMatrixView& units, const int32_t* probabilities_fixed,
               int64_t first_negative, ProbabilityRounding rounding, int32_t* scratch,
               int32_t* sums);

  /// sums[i][k] = or -= the number of rows of the batch in which visible unit i and hidden unit 16
  /// tile + k are both on. Both matrices have units as rows and the batch as columns. Exact.
  void (*pair_counts)(const BitMatrixView& visible_units, const BitMatrixView& hidden_units,
                      int64_t tile, Combine combine, int32_t* sums);

  /// sums[i][k] (+)= factor * sum over rows b, in order, of visible unit i in row b of values times
  /// probabilities[b][k]. Exact.
  void (*dense_sums)(const RealRowsView& values, int64_t n_visible, const float* probabilities,
                     float factor, bool accumulate, float* sums);

  /// dots[i] = sum over lanes k, in order, of the rounded products weights[i][k] * gradient[i][k];
  /// written for whole tiles of visible units, 0 for missing ones. Exact.
  void (*row_dots)(const float* weights, const float* gradient, int64_t n_visible, float* dots);

  /// values[i][k] *= factors[i]. Exact.
  void (*scale_rows)(const float* factors, int64_t n_visible, float* values);

  /// out[k] = number of columns in which unit 16 tile + k is on; `units` has units as rows, and
  /// bits beyond its columns do not count. Exact.
  void (*unit_counts)(const BitMatrixView& units, int64_t tile, int32_t* out);

  /// out[k] = sum over rows of probabilities_fixed[r][k], at most kMaxRowsPerSum rows. Exact.
  void (*column_sums)(const int32_t* probabilities_fixed, int64_t rows, int32_t* out);
};

}  // namespace udl
