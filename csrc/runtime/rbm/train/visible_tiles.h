#pragma once
// What a minibatch does with a tile of visible units: a half step of the chain and, after the last,
// the statistics and biases of both phases.
#include "runtime/rbm/steps/half_step.h"
#include "runtime/rbm/train/training.h"

namespace udl {

class VisibleTiles {
 public:
  explicit VisibleTiles(Training& training) : run_(training) {}

  /// Visible units given the chain's hidden states, Gibbs step s. After the last it also learns,
  /// but where units are in groups or states are swapped before.
  void reconstruct(int64_t tile, const BatchStates& states, int64_t s, const HalfStep& down,
                   TrainScratch& scratch);

  /// Units in groups, whose inputs `reconstruct` has left: a block of rows.
  void activate_groups(int64_t block, const BatchStates& states, int64_t s, int thread);

  /// What the statistics and biases take from the last Gibbs step. `step_size` is that of the
  /// biases (train/step_size.h).
  void learn(int64_t tile, const BatchStates& states, float step_size);

 private:
  void store_means(int64_t tile, const BatchStates& states, const UnitInput& input,
                   const HalfStep& down, TrainScratch& scratch);
  void scale_means(int64_t tile, const BatchStates& states, const float* means);
  TileStatistic statistic(int64_t tile, const StatesView& visible) const;

  Training& run_;
};

}  // namespace udl
