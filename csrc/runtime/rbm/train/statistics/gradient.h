#pragma once
// The weight gradient of one panel: positive minus negative phase, in integers wherever they are
// exact.
#include <cstdint>

#include "runtime/rbm/model/state.h"
#include "runtime/rbm/steps/half_step.h"
#include "runtime/rbm/train/statistics/phase.h"

namespace udl {

/// Scratch of one thread that trains.
struct TrainScratch {
  /// For batches of up to `max_rows` rows.
  TrainScratch(int64_t n_visible, int64_t max_rows);
  /// For visible states that are paired.
  void allow_paired(int64_t n_visible, int64_t max_rows);

  TileScratch tile;  ///< for rows of the batch, or visible units of a gradient
  BitProduct from_data{tile.tables.data()}, from_visible{tile.tables.data()},
      from_hidden{tile.tables.data()};  ///< of the data, of the chain's visible and of its hidden
                                        ///< states
  Buffer<int32_t> means_fixed;          ///< hidden units of one tile, of both phases
  Buffer<float> gradient;
  Buffer<float> mean_pairs;  ///< of both phases, where states are paired
  Buffer<int64_t> long_sums;
  Buffer<float> weights_before;  ///< a panel, where the update of centred models wants it
  // Of the minibatch at work (train/step_size.h):
  float biases_step = 1, weights_step = 1, hidden_biases_step = 1;
  Buffer<float> row_factors;  ///< the latter for each visible unit, times sigma^2 where it has that
  ProbabilityRounding rounding{};  ///< of the minibatch at work
  ShortBatch short_batch{};
};

struct PhaseStatistics {
  StatesView visible;
  HiddenStatistics hidden;

  /// One int32 product holds the sums.
  bool fits() const {
    return hidden.sampled() || (hidden.fixed && visible.count <= kMaxRowsPerSum);
  }
};

class Gradient {
 public:
  explicit Gradient(const RbmState& state);

  /// Makes room for joined phases of up to `max_rows` rows each; without it none are joined.
  void allow_joined(int64_t max_rows);
  /// Whether both phases, of binary states and probabilities, go into one product: their units side
  /// by side in the matrix `join_tile` fills, the probabilities of the negative phase behind those
  /// of the positive one.
  bool joins(const StatesView& up, const StatesView& down) const;
  /// Row of the negative phase's first probabilities.
  static int64_t first_negative(const StatesView& up) { return up.count; }
  void join_tile(int64_t tile, const StatesView& up, const StatesView& down) {
    kernels_.gradient.join_units(up.units, down.units, tile, joined_.view());
  }

  /// Fills sums or short_batch, sums_factor and float_sums of the update; they lie in `scratch`.
  void fill(int64_t tile, const PhaseStatistics& up, const PhaseStatistics& down,
            TrainScratch& scratch, PanelUpdate& update) const;
  /// The same of a single phase, whose fixed-point numbers may be differences of probabilities.
  void fill(int64_t tile, const PhaseStatistics& phase, TrainScratch& scratch,
            PanelUpdate& update) const;

 private:
  static float factor_for(const HiddenStatistics& hidden, const TrainScratch& scratch);
  void fill_joined(const PhaseStatistics& up, const PhaseStatistics& down, TrainScratch& scratch,
                   PanelUpdate& update) const;
  void fill_paired(const PhaseStatistics& up, const PhaseStatistics& down,
                   TrainScratch& scratch) const;
  void phase_sums(int64_t tile, const PhaseStatistics& phase, TrainScratch& scratch) const;
  void add_phase(int64_t tile, const PhaseStatistics& phase, int sign, bool accumulate,
                 TrainScratch& scratch) const;
  void long_sums(int64_t tile, const PhaseStatistics& phase, TrainScratch& scratch) const;

  const RbmState& state_;
  const RbmKernels& kernels_;
  BitMatrix joined_;  ///< visible units as rows, the rows of both phases as columns
};

}  // namespace udl
