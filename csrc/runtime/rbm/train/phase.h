#pragma once
// What learning gathers from one phase of a minibatch: visible states, hidden units, sums over the
// batch.
#include <cstdint>

#include "base/fixed.h"
#include "kernels/rbm.h"
#include "runtime/memory/bit_matrix.h"
#include "runtime/memory/buffer.h"

namespace udl {

/// Binary states with their transpose, which gradients and counts read.
struct PairedBits {
  BitMatrix bits;   ///< batch as rows
  BitMatrix units;  ///< units as rows, the batch as columns

  void allocate(int64_t max_rows, int64_t n_units) {
    bits.resize(max_rows, n_units);
    units.resize(n_units, max_rows);
  }
  /// Rows first .. first + count - 1 of the batch; first is a multiple of 64.
  BitMatrixView units_of(int64_t count, int64_t first = 0) const {
    BitMatrixView view = units.view();
    view.words = view.word_column(first / kWordBits);
    view.columns = count;
    return view;
  }
};

/// Room for the visible states of one phase: bits, real values, or both.
struct VisibleStates : PairedBits {
  Buffer<float> values;  ///< row-major, row_stride apart, padded with zeros
  int64_t row_stride = 0;

  void allocate(int64_t max_rows, int64_t n_visible, bool with_values, bool with_bits) {
    row_stride = round_up(n_visible, kTileUnits);
    if (with_values) values.resize(max_rows * row_stride);
    if (with_bits) PairedBits::allocate(max_rows, n_visible);
  }
};

/// The states of one phase of one minibatch: how many rows, and whether they are real values.
struct Phase {
  VisibleStates& states;
  int64_t count;
  bool dense;
  int64_t first =
      0;  ///< row of the minibatch, a multiple of 64; not 0 only in parts of a long batch

  BitMatrixView bits() const { return states.bits.view(count); }  ///< of a whole batch
  BitMatrixView units() const { return states.units_of(count, first); }
};

/// Hidden units of one tile and phase: P(h | v) in fixed point, or float where the visible states
/// are real values, or drawn states with units as rows.
struct HiddenStatistics {
  const int32_t* fixed;
  const float* probabilities;
  int64_t count;
  BitMatrixView samples;

  bool sampled() const { return samples.words != nullptr; }
};

/// Sixteen means over the batch.
struct TileMeans {
  float units[kTileUnits];
};

/// Sums over the batch of the sixteen units of a tile: exact (integers, in units of 1 / one) or
/// float.
struct TileStatistic {
  bool exact;
  int64_t count;
  float one;  ///< integer value of probability 1
  int64_t sums[kTileUnits];
  float float_sums[kTileUnits];

  float factor() const { return 1.0f / (one * static_cast<float>(count)); }
  TileMeans means() const;
};

/// Means of `up` minus means of `down`, each over its own count; integers are subtracted first
/// where that is exact.
TileMeans difference(const TileStatistic& up, const TileStatistic& down);

/// Visible units over the batch; real values are added in row order.
TileStatistic visible_statistic(const RbmKernels& kernels, const Phase& visible, int64_t tile);
TileStatistic hidden_statistic(const RbmKernels& kernels, const HiddenStatistics& hidden,
                               int64_t tile);

}  // namespace udl
