#pragma once
// What learning gathers from one phase of a minibatch: states of both layers, sums over the batch.
#include <cstdint>

#include "base/fixed.h"
#include "kernels/rbm.h"
#include "runtime/rbm/model/layer_states.h"

namespace udl {

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
TileStatistic visible_statistic(const RbmKernels& kernels, const StatesView& visible, int64_t tile);
TileStatistic hidden_statistic(const RbmKernels& kernels, const HiddenStatistics& hidden,
                               int64_t tile);
/// Hidden units over the batch, each row as often as it has words: what their biases learn from.
TileStatistic word_statistic(const HiddenStatistics& hidden, const float* lengths);

}  // namespace udl
