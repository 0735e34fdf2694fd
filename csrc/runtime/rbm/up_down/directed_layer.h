#pragma once
// Units that are given their inputs by directed weights: what draws them, and how they learn to
// foretell states that came about otherwise.
#include <cstdint>
#include <vector>

#include "runtime/rbm/model/layer_states.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/train/rules/weight_rule.h"
#include "runtime/rbm/train/statistics/gradient.h"
#include "runtime/threads/parallel.h"

namespace udl {

/// The delta rule is the gradient of an RBM whose visible units are the same in both phases: its
/// sums are those of inputs with the differences of states and probabilities, exact where inputs
/// are bits.
///
/// Every thread of the team calls the same with the same arguments; each call ends in a barrier.
class DirectedLayer {
 public:
  /// For minibatches of up to `max_rows` rows.
  DirectedLayer(RbmState& state, const TrainSettings& settings, int64_t max_rows, int n_threads);

  int scale_exponent() const { return state_.scale_exponent; }

  /// Draws states given inputs into `to`, as bits and as units that gradients read.
  void draw(Team& team, const StatesView& inputs, int exponent, const DrawKey& draws,
            LayerStates& to);
  /// Their means, into values that lie tile by tile, with room for rows in fours.
  void find_means(Team& team, const StatesView& inputs, int exponent, LayerStates& to);
  /// Learns to give these states for these inputs: bits, or values in [0, 1].
  void learn(Team& team, const StatesView& inputs, const StatesView& states, int exponent);
  /// After `learn`: all threads find the same next scale. False if weights are not finite.
  bool next_scale(Team& team, int& exponent) { return rule_.next_scale(team, exponent); }
  /// By one thread, for those who look between minibatches.
  void set_scale(int exponent) { state_.scale_exponent = exponent; }

 private:
  HalfStep half_step(int exponent) const { return {state_, Direction::to_hidden, exponent}; }
  void learn_tile(int64_t tile, const StatesView& inputs, const StatesView& states,
                  const HalfStep& half, TrainScratch& scratch, int thread);
  HiddenStatistics errors_of(int64_t tile, const StatesView& inputs, const StatesView& states,
                             TrainScratch& scratch) const;

  RbmState& state_;
  const RbmKernels& kernels_;
  const TrainSettings& settings_;
  const int n_threads_;
  Gradient gradient_;
  WeightRule rule_;
  std::vector<TrainScratch> scratch_;  ///< by thread
};

}  // namespace udl
