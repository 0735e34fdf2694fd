#pragma once
// What a minibatch does with a tile of hidden units, which owns a panel of weights.
#include "runtime/rbm/model/integer_weights.h"
#include "runtime/rbm/steps/half_step.h"
#include "runtime/rbm/train/rules/weight_rule.h"
#include "runtime/rbm/train/training.h"

namespace udl {

class Panels {
 public:
  explicit Panels(Training& training);

  HalfStep half_step(int exponent) {
    return {run_.state, Direction::to_hidden, exponent, &integers_};
  }

  /// Makes the integers of a panel anew: its weights, or their scale, were changed by others.
  void quantise(int64_t tile, int exponent) { integers_.quantise(tile, exponent); }

  /// Hidden units given the data: what the statistics need, and where a chain of CD starts.
  void data_hidden(int64_t tile, const BatchStates& states, const HalfStep& up,
                   TrainScratch& scratch);
  /// The chain's hidden states given its visible states of Gibbs step s.
  void chain_hidden(int64_t tile, const BatchStates& states, int64_t s, const HalfStep& up,
                    TrainScratch& scratch);

  /// Before the panels of a minibatch are learned by this thread (WeightRule).
  void begin_minibatch(int thread) { rule_.begin_minibatch(thread); }
  /// Everything a panel needs at the end of a minibatch: hidden units given the chain's last
  /// visible states, the gradient of both phases, and the update.
  void learn(int64_t tile, const BatchStates& states, const HalfStep& up, TrainScratch& scratch,
             int thread);
  /// After a barrier, called by every thread: all find the same next scale. False if weights are
  /// not finite.
  bool next_scale(Team& team, int& exponent) { return rule_.next_scale(team, exponent); }

 private:
  UnitOutput hidden_output(const BatchStates& states, int64_t tile, const DrawKey& draws);
  void activate_chains(int64_t tile, const StatesView& visible, const HalfStep& up,
                       TrainScratch& scratch, const UnitOutput& output);
  HiddenStatistics data_statistics(int64_t tile, const BatchStates& states, TrainScratch& scratch);
  HiddenStatistics model_statistics(int64_t tile, const BatchStates& states, const HalfStep& up,
                                    TrainScratch& scratch);
  HiddenStatistics sampled_model_statistics(int64_t tile, const BatchStates& states,
                                            const HalfStep& up, TrainScratch& scratch);
  bool joins(const BatchStates& states) const {
    return run_.gradient.joins(states.data_of_pairs, states.model_of_pairs);
  }
  TileMeans bias_gradient(const BatchStates& states, const HiddenStatistics& data,
                          const HiddenStatistics& model, const TileStatistic& data_sums,
                          int64_t tile, float step) const;

  Training& run_;
  IntegerWeights integers_;
  WeightRule rule_;
};

}  // namespace udl
