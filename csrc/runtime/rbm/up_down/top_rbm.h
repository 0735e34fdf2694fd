#pragma once
// The RBM at the top of a deep belief net within the up-down algorithm: CD-k from states that were
// drawn below it, and where its chains have come.
#include <cstdint>

#include "runtime/data/rows.h"
#include "runtime/rbm/train/stages.h"
#include "runtime/rbm/train/training.h"
#include "runtime/rbm/up_down/net.h"

namespace udl {

/// Every thread of the team calls the same with the same arguments; each call ends in a barrier.
class TopRbm {
 public:
  /// Its visible units are `n_below` of the layer below, and labels behind them.
  TopRbm(RbmState& state, const UpDownCall& call, int64_t n_below, int64_t max_rows, int n_threads);
  TopRbm(const TopRbm&) = delete;
  TopRbm& operator=(const TopRbm&) = delete;

  int scale_exponent() const { return training_.state.scale_exponent; }

  /// Lets chains run from these states, and labels of the minibatch; states of the units below that
  /// they end with go to `to`, as bits.
  void run_chains(Team& team, const Minibatch& batch, const BitMatrixView& below, int exponent,
                  const BitMatrixView& to);
  /// Learns from where they began and where they ended.
  void learn(Team& team, const Minibatch& batch, int exponent);
  /// After `learn`: all threads find the same next scale. False if weights are not finite.
  bool next_scale(Team& team, int& exponent) { return stages_.next_scale(team, exponent); }
  /// By one thread, for those who look between minibatches.
  void set_scale(int exponent) { training_.state.scale_exponent = exponent; }

 private:
  BatchStates states_of(const Minibatch& batch) {
    return training_.states.of({batch.index, 0, batch.count});
  }
  void present_word(int64_t word, const Minibatch& batch, const BitMatrixView& below);
  void present_labels(int64_t word, const Minibatch& batch, uint64_t* to) const;

  const UpDownCall& call_;
  const int64_t n_below_;
  const Rows rows_;  ///< of no meaning but their number: states come from below
  const TrainCall training_call_;
  Training training_;
  Stages stages_;
};

}  // namespace udl
