#pragma once
// The states of both phases of the minibatches of one training run.
#include <algorithm>
#include <cstdint>

#include "runtime/data/minibatches.h"
#include "runtime/rbm/model/layer_states.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/train/chains/word_lengths.h"

namespace udl {

/// One minibatch as its stages see it.
struct BatchStates {
  Minibatch batch;
  StatesView data;
  StatesView chain;                          ///< visible states of the chain between its half steps
  StatesView last;                           ///< its last visible states: bits, values or means
  StatesView model;                          ///< those of them that the statistics see, at beta = 1
  StatesView data_of_pairs, model_of_pairs;  ///< both as the gradient of the weights reads them
  StatesView hidden;                         ///< hidden states of the chain
};

/// Room for the minibatch at work and for the rows of the next. States of visible units that are
/// real numbers lie here tile by tile, times the factors that hidden units are given them with.
class TrainStates {
 public:
  TrainStates(RbmState& state, const TrainSettings& settings, const Minibatches& minibatches,
              const WordLengths& words);

  /// Rows of the longest minibatch, of the longest chain, and of the longer of both.
  int64_t max_data_rows() const { return max_data_rows_; }
  int64_t max_chain_rows() const { return max_chain_rows_; }
  int64_t max_rows() const { return std::max(max_data_rows_, max_chain_rows_); }

  BatchStates of(const Minibatch& batch);
  /// Where the rows of a minibatch are fetched to.
  MinibatchRoom data_room(const Minibatch& batch) { return data_[batch.index % 2].room(); }

  /// Where the chain's hidden states are drawn.
  StatesRoom hidden_room(int64_t rows) { return hidden_.states_room(rows, nullptr); }
  /// Where its visible states are drawn.
  StatesRoom chain_room(int64_t rows, const float* factors) {
    return real_visible_ ? chain_.states_room(rows, factors) : StatesRoom(chain_.bits.view(rows));
  }
  /// The same of a minibatch whose rows are words.
  StatesRoom words_room(const Minibatch& batch) {
    return chain_.words_room(words_.of(batch), words_.places(batch));
  }
  /// The chain's last visible states where they are means, as `model` of a minibatch reads them.
  float* chain_values() {
    return words_.is_on() ? word_means_.values.data() : chain_.values.data();
  }

  /// A tile of the data as they were fetched, times factors, becomes what `data` of a minibatch
  /// reads; of units that are real numbers only, as is what follows.
  void scale_data(const Minibatch& batch, int64_t tile, const float* factors);

  /// A tile of the chain that was drawn becomes what products read.
  static void pair_chain(int64_t tile, const StatesView& chain) {
    if (chain.paired != nullptr)
      chain.paired->pack(tile, chain.value_tile(tile), chain.value_stride, chain.count);
  }

  /// Bits of a visible tile, of both phases, as values where the gradient reads those.
  void unpack_pairs(int64_t tile, const BatchStates& states);

  /// Whether means of hidden units given these visible states are floats: those of integer sums are
  /// in fixed point, unless the units have no bound.
  bool has_float_means(const StatesView& visible) const { return real_hidden_ || visible.real; }
  /// E[h | data] of a tile, in one of both.
  int32_t* data_means_fixed(int64_t tile) {
    return float_data_means_ ? nullptr : data_means_fixed_.data() + tile * means_tile_size_;
  }
  float* data_means(int64_t tile) {
    return float_data_means_ ? data_means_.data() + tile * means_tile_size_ : nullptr;
  }

  /// Hidden states of sampled statistics.
  LayerStates data_hidden, model_hidden;

 private:
  void allocate_chain(int64_t n_visible, const TrainSettings& settings);
  BatchStates of_words(const Minibatch& batch) const;
  void allocate_pairs(int64_t n_visible);

  const bool persistent_, sample_visibles_;
  const int64_t n_temperatures_;
  const int64_t max_data_rows_, max_chain_rows_;
  const WordLengths& words_;
  const bool real_visible_;  ///< visible units are real numbers with variances
  const bool real_hidden_;   ///< hidden units are
  const bool rounded_;       ///< products are of rounded values
  const bool real_data_;     ///< data stay real values (not bits, not binarised)
  const bool float_data_means_;
  LayerStates data_[2];                      ///< of this minibatch and of the next
  LayerStates scaled_data_;                  ///< of units that are real numbers: of this minibatch
  PairedStates paired_data_, paired_chain_;  ///< of both, where products are rounded
  LayerStates chain_;
  LayerStates word_means_;  ///< of the chain's last states where these are words
  LayerStates unpacked_data_, unpacked_model_;  ///< of unpack_pairs
  LayerStates own_hidden_;                      ///< of CD's chain
  LayerStates& hidden_;                         ///< that, or the persistent chains
  int64_t means_tile_size_;
  Buffer<int32_t> data_means_fixed_;
  Buffer<float> data_means_;
};

}  // namespace udl
