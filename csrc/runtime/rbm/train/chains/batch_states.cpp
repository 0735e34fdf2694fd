#include "runtime/rbm/train/chains/batch_states.h"

#include <algorithm>

namespace udl {

TrainStates::TrainStates(RbmState& state, const TrainSettings& settings,
                         const Minibatches& minibatches, const WordLengths& words)
    : persistent_(settings.persistent),
      sample_visibles_(settings.sample_visibles),
      n_temperatures_(settings.ladder.n_temperatures),
      max_data_rows_(minibatches.max_rows()),
      max_chain_rows_(settings.persistent ? state.n_chains() : max_data_rows_),
      words_(words),
      real_visible_(state.visible.has_variances()),
      real_hidden_(!has_bits(state.hidden.kind)),
      rounded_(state.rounds_products()),
      real_data_(!minibatches.have_bits()),
      float_data_means_(real_data_ || real_hidden_),
      hidden_(settings.persistent ? state.chains : own_hidden_),
      means_tile_size_(round_up(max_data_rows_, 4) * kTileUnits) {
  for (LayerStates& data : data_) {
    if (minibatches.have_values()) data.allocate_values(max_data_rows_, state.n_visible);
    if (minibatches.have_sparse_values())
      data.allocate_sparse(max_data_rows_, state.n_visible, minibatches.all_sparse());
    if (minibatches.have_bits()) data.allocate_bits(max_data_rows_, state.n_visible);
    if (minibatches.have_bits()) data.allocate_units(max_data_rows_, state.n_visible);
  }
  allocate_chain(state.n_visible, settings);
  if (!persistent_) own_hidden_.allocate_states(max_data_rows_, state.hidden);
  const int64_t n_means = state.hidden_tiles() * means_tile_size_;
  if (float_data_means_)
    data_means_.resize(n_means);
  else
    data_means_fixed_.resize(n_means);
  if (real_hidden_) allocate_pairs(state.n_visible);
  if (!settings.sampled_statistics) return;
  if (persistent_) data_hidden.allocate_bits(max_data_rows_, state.n_hidden);
  data_hidden.allocate_units(max_data_rows_, state.n_hidden);
  model_hidden.allocate_units(max_chain_rows_, state.n_hidden);
}

void TrainStates::allocate_chain(int64_t n_visible, const TrainSettings& settings) {
  if (words_.is_on()) {
    chain_.allocate_words(max_chain_rows_, n_visible, words_.most_entries());
    if (!sample_visibles_) word_means_.allocate_values(max_chain_rows_, n_visible);
    return;
  }
  if (real_visible_) {
    scaled_data_.allocate_value_tiles(max_data_rows_, n_visible);
    chain_.allocate_value_tiles(max_chain_rows_, n_visible);
    if (rounded_) paired_data_.allocate(max_data_rows_, n_visible);
    if (rounded_) paired_chain_.allocate(max_chain_rows_, n_visible);
    return;
  }
  if (!sample_visibles_) chain_.allocate_values(max_chain_rows_, n_visible);
  if (!sample_visibles_ && settings.k == 1) return;
  chain_.allocate_bits(max_chain_rows_, n_visible);
  chain_.allocate_units(max_chain_rows_, n_visible);
}

void TrainStates::allocate_pairs(int64_t n_visible) {
  if (!real_data_) unpacked_data_.allocate_value_tiles(max_data_rows_, n_visible);
  if (!real_visible_ && !words_.is_on() && sample_visibles_)
    unpacked_model_.allocate_value_tiles(max_chain_rows_, n_visible);
}

void TrainStates::scale_data(const Minibatch& batch, int64_t tile, const float* factors) {
  const LayerStates& fetched = data_[batch.index % 2];
  const float* from = fetched.values.data() + tile * fetched.value_tile_stride;
  float* to = scaled_data_.values.data() + tile * scaled_data_.value_tile_stride;
  for (int64_t r = 0; r < batch.count; ++r)
    for (int k = 0; k < kTileUnits; ++k)
      to[r * kTileUnits + k] = from[r * fetched.value_stride + k] * factors[k];
  if (rounded_) paired_data_.pack(tile, to, kTileUnits, batch.count);
}

void TrainStates::unpack_pairs(int64_t tile, const BatchStates& states) {
  if (!real_hidden_) return;
  const auto unpack = [&](const StatesView& from, LayerStates& to) {
    if (!from.real) unpack_tile(from.bits, tile, to.values.data() + tile * to.value_tile_stride);
  };
  unpack(states.data, unpacked_data_);
  unpack(states.model, unpacked_model_);
}

/// CD alone: rows of the chain are as long as those of the data.
BatchStates TrainStates::of_words(const Minibatch& batch) const {
  const auto as_words = [&](const LayerStates& states) {
    StatesView view = states.view(batch.count, true);
    view.lengths = words_.of(batch);
    return view;
  };
  const StatesView data = as_words(data_[batch.index % 2]), chain = as_words(chain_),
                   last = sample_visibles_ ? chain : as_words(word_means_);
  return {batch, data, chain, last, last, data, last, hidden_.states(batch.count)};
}

BatchStates TrainStates::of(const Minibatch& batch) {
  if (words_.is_on()) return of_words(batch);
  const int64_t chain_rows = persistent_ ? hidden_.rows() : batch.count;
  const StatesView hidden = hidden_.states(chain_rows);
  if (real_visible_) {
    StatesView data = scaled_data_.view(batch.count, true), chain = chain_.view(chain_rows, true);
    if (rounded_) data.paired = &paired_data_;
    if (rounded_) chain.paired = &paired_chain_;
    return {batch, data, chain, chain, chain, data, chain, hidden};
  }
  const StatesView data = data_[batch.index % 2].view(batch.count, real_data_),
                   model = chain_.view(chain_rows / n_temperatures_, !sample_visibles_);
  const auto of_pairs = [this](const StatesView& states, const LayerStates& unpacked) {
    return real_hidden_ && !states.real ? unpacked.view(states.count, true) : states;
  };
  return {batch,
          data,
          chain_.view(chain_rows, false),
          chain_.view(chain_rows, !sample_visibles_),
          model,
          of_pairs(data, unpacked_data_),
          of_pairs(model, unpacked_model_),
          hidden};
}

}  // namespace udl
