#pragma once
// Stages of a minibatch, each a loop over tiles of 16 units, or over parts of them where visible
// sums are split (runtime/rbm/steps/products/visible_sums.h), that ends in a barrier:
//   visible given hidden | (k - 1 times: hidden | visible) | learn | (centred, or variances learn:
//   visible units)
// Where units are in groups, each `visible` is followed by their draws | ; where chains are
// tempered, by swaps | ; after these the last is followed by its statistics | . `learn` owns one
// weight panel: hidden units given the chain, the gradient of both phases and the update, then the
// hidden units given the data of the next minibatch, while everything is in cache. These are
// computed on the assumption that the scale of the weights stays, which nearly always holds; else
// they are computed again. Those of the first minibatch have a stage of their own. Gradient work is
// split over hidden units, never over the batch, so no sum depends on the threads.
#include <cstdint>
#include <vector>

#include "runtime/rbm/steps/products/visible_sums.h"
#include "runtime/rbm/train/panels.h"
#include "runtime/rbm/train/training.h"
#include "runtime/rbm/train/visible_tiles.h"
#include "runtime/threads/parallel.h"

namespace udl {

/// Every thread of the team calls the same stages with the same arguments.
class Stages {
 public:
  explicit Stages(Training& training);

  /// Fetches the rows of the first minibatch; those of others are fetched beside `chain`.
  void fetch(Team& team, const Minibatch& batch);
  /// Hidden units given the data of a minibatch of at least one row.
  void data(Team& team, const BatchStates& states, int exponent);
  /// All k Gibbs steps but for their last hidden states. Also fetches the rows of `next`.
  void chain(Team& team, const BatchStates& states, const Minibatch& next, int exponent);
  /// Learns, and does the data stage of `next`, if that has rows and need not come apart.
  void learn(Team& team, const BatchStates& states, const BatchStates& next, int exponent);
  /// Whether the data stage of every minibatch has to wait for the whole update before it: what
  /// hidden units are given of real-valued visible ones depends on variances, which all panels
  /// move.
  bool data_come_apart() const { return run_.real_visible(); }
  /// After `learn`: all threads find the same next scale. False if weights are not finite.
  bool next_scale(Team& team, int& exponent) { return panels_.next_scale(team, exponent); }

 private:
  template <class Tile>
  void hidden_stage(Team& team, const BatchStates& following, int exponent, Tile&& hidden_tile);
  void find_row_factors(const Minibatch& batch, TrainScratch& scratch) const;
  void scale_data(Team& team, const Minibatch& batch);
  void sum_columns(Team& team, const StatesView& data);
  void sample_hidden(Team& team, const BatchStates& states, int64_t s, int exponent);
  void reconstruct(Team& team, const BatchStates& states, int64_t s, const Minibatch& to_fetch,
                   int exponent);
  void activate_groups(Team& team, const BatchStates& states, int64_t s);
  void swap(Team& team, const BatchStates& states, int64_t s);
  void learn_visible(Team& team, const BatchStates& states);
  void fetch_block(const Minibatch& batch, int64_t block);

  Training& run_;
  VisibleSums visible_sums_;
  VisibleTiles visible_;
  Panels panels_;
  std::vector<TrainScratch> scratch_;  ///< by thread
};

}  // namespace udl
