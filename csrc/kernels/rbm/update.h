#pragma once
// The update of the weights of one panel.
#include <cstdint>

#include "base/view.h"
#include "kernels/rbm/gradient.h"
#include "kernels/rbm/norms.h"

namespace udl {

/// A rank-one term of a weight gradient: visible[i] * hidden[lane].
struct OuterTerm {
  const float* visible;  ///< n_visible values
  float hidden[kTileUnits];
};

/// Both phases of a minibatch whose rows fit one word, as GradientKernels::sums takes them.
struct ShortBatch {
  BitMatrixView units;  ///< at most 64 columns
  const int32_t* probabilities_fixed;
  int64_t first_negative;
  ProbabilityRounding rounding;
  int32_t* scratch;  ///< kTableScratch integers
};

/// Half-norms of z over blocks of 64 units, for the scale of narrow tables; sums stop at 2^15 - 1.
struct NarrowNorms {
  /// Null: none. Else [16 * ceil(n_visible / 4)], written: of each four rows, lanes 0 .. 7 and then
  /// lanes 8 .. 15: the sum of positive z of row 0, of its negative z, the same of row 1, ..
  int16_t* rows;
  int16_t* columns;  ///< [16], written: the largest of each hidden unit
};

/// In: gradient and rates. Out: new weights, their integers, and the norms that fix the next scale.
struct PanelUpdate {
  float* weights;   ///< one panel [n_visible][16]
  float* velocity;  ///< like weights; null when momentum is 0
  /// Integer gradient [n_visible][16], or null.
  const int32_t* sums;
  /// Where not null, the integer gradient is the sums of this batch, and `sums` is null.
  const ShortBatch* short_batch;
  const float* float_sums;  ///< float gradient, added to the integer one where not null
  float sums_factor;        ///< turns the integer gradient into a mean
  int64_t n_visible;
  float learning_rate, momentum, weight_decay, l1;
  const OuterTerm* terms;  ///< n_terms terms, added in order
  int n_terms;

  /// Of the scale in use; what follows is of z = round(W * inverse_scale).
  float inverse_scale;
  /// Null, or z of the panel, as integer rows, written.
  int32_t* integers;
  /// Null: none. Else [2][16], written: sums of |z| >> kNormShift of positive, then of negative z,
  /// which stop at about kMaxTrackedNorm, as row_norms do.
  int32_t* column_norms;
  /// Null, as always where column_norms is null, or [n_visible][16], written or added to: partial
  /// sums of |z| >> kNormShift over this panel; lanes 0, 1 of each four hold positive z, lanes 2, 3
  /// negative z.
  int32_t* row_norms;
  bool add_row_norms;        ///< whether row_norms are added to
  NarrowNorms narrow_norms;  ///< instead of column_norms and row_norms, where |z| < 2^15
  int32_t* largest_bits;     ///< [16], written: float bits of max |W| of each lane;
                             ///< NaN is the largest
};

struct UpdateKernels {
  /// gradient = sums_factor * integers + float_sums + terms, as far as they are given;
  /// velocity = momentum * velocity + learning_rate * (gradient - weight_decay * W - l1 * sign(W));
  /// W += velocity; multiplies and adds rounded one by one in that order. Exact, given its input.
  void (*panel)(const PanelUpdate& update);

  /// Scales the weights of each hidden unit of a panel [n_visible][16] whose Euclidean norm is
  /// above `limit` down to it; squares are added in order of the rows. False if there was none.
  /// Exact.
  bool (*limit_norms)(float* weights, int64_t n_visible, float limit);
};

}  // namespace udl
