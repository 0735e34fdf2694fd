#include "runtime/rbm/train/panels.h"

#include <algorithm>

namespace udl {

Panels::Panels(Training& training)
    : run_(training),
      integers_(training.state, training.states.max_rows(), training.n_threads),
      rule_(training.state, training.settings, training.n_threads) {}

void Panels::data_hidden(int64_t tile, const BatchStates& states, const HalfStep& up,
                         TrainScratch& scratch) {
  const bool persistent = run_.settings.persistent, sampled = run_.settings.sampled_statistics;
  // Chains of PCD start elsewhere: only sampled statistics draw given the data.
  const StatesRoom samples = persistent
                                 ? StatesRoom(run_.states.data_hidden.bits.view(states.batch.count))
                                 : run_.states.hidden_room(states.batch.count);
  UnitOutput output = tile_output(tile);
  if (!persistent || sampled)
    output = sample_output(samples, tile, run_.draws.hidden_given_data(states.batch.index));
  output.means = run_.states.data_means(tile);
  if (!sampled) output.means_fixed = run_.states.data_means_fixed(tile);
  up.run(states.data, tile, scratch.from_data, scratch.tile, output);
  if (run_.step_size.is_bounded())
    run_.step_size.begin_hidden(tile, output.means, states.batch.count);
  if (sampled)
    run_.kernels.gradient.transpose_tile(samples.bits, tile,
                                         run_.states.data_hidden.units_of(states.batch.count));
}

void Panels::chain_hidden(int64_t tile, const BatchStates& states, int64_t s, const HalfStep& up,
                          TrainScratch& scratch) {
  const DrawKey draws = run_.draws.chain_hidden(states.batch.index, s);
  activate_chains(tile, states.chain, up, scratch, hidden_output(states, tile, draws));
}

/// Where the hidden states of the chain go.
UnitOutput Panels::hidden_output(const BatchStates& states, int64_t tile, const DrawKey& draws) {
  return sample_output(run_.states.hidden_room(states.hidden.count), tile, draws);
}

void Panels::activate_chains(int64_t tile, const StatesView& visible, const HalfStep& up,
                             TrainScratch& scratch, const UnitOutput& output) {
  const UnitInput input = up.input(visible, tile, scratch.from_visible, scratch.tile);
  run_.tempering.activate(up, tile, input, output);
}

void Panels::learn(int64_t tile, const BatchStates& states, const HalfStep& up,
                   TrainScratch& scratch, int thread) {
  const HiddenStatistics data = data_statistics(tile, states, scratch);
  const HiddenStatistics model = model_statistics(tile, states, up, scratch);
  const TileStatistic data_sums = hidden_statistic(run_.kernels, data, tile);
  WeightTerms terms = run_.biases.update_hidden(
      tile, states.batch.index == 0, data_sums,
      bias_gradient(states, data, model, data_sums, tile, scratch.hidden_biases_step));

  PanelUpdate update{};
  run_.gradient.fill(tile, {states.data_of_pairs, data}, {states.model_of_pairs, model}, scratch,
                     update);
  if (run_.variances.is_on()) run_.variances.begin_panel(tile, update.float_sums);
  if (run_.step_size.is_bounded()) {
    run_.kernels.gradient.scale_rows(scratch.row_factors.data(), run_.state.n_visible,
                                     scratch.gradient.data());
    terms.scale(scratch.weights_step);
  }
  update.terms = terms.data();
  update.n_terms = terms.count();
  update.integers = integers_.panel(tile);
  if (!run_.centring.is_on()) return rule_.apply(update, tile, up.scale_exponent(), thread);
  std::copy_n(run_.state.weights.panel(tile), run_.state.weights.panel_stride(),
              scratch.weights_before.data());
  rule_.apply(update, tile, up.scale_exponent(), thread);
  run_.centring.shift_hidden(tile, scratch.weights_before.data());
}

TileMeans Panels::bias_gradient(const BatchStates& states, const HiddenStatistics& data,
                                const HiddenStatistics& model, const TileStatistic& data_sums,
                                int64_t tile, float step) const {
  const float* lengths = states.data.lengths;
  if (lengths == nullptr) return difference(data_sums, hidden_statistic(run_.kernels, model, tile));
  TileMeans gradient = difference(word_statistic(data, lengths), word_statistic(model, lengths));
  for (float& value : gradient.units) value *= step;
  return gradient;
}

/// What `data_hidden` left; copied to the scratch, before what the chain will leave there, where
/// both phases are joined.
HiddenStatistics Panels::data_statistics(int64_t tile, const BatchStates& states,
                                         TrainScratch& scratch) {
  const int64_t count = states.batch.count;
  if (run_.settings.sampled_statistics)
    return {nullptr, nullptr, count, run_.states.data_hidden.units_of(count)};
  if (run_.states.has_float_means(states.data))
    return {nullptr, run_.states.data_means(tile), count, {}};
  const int32_t* fixed = run_.states.data_means_fixed(tile);
  if (!joins(states)) return {fixed, nullptr, count, {}};
  std::copy_n(fixed, Gradient::first_negative(states.data) * kTileUnits,
              scratch.means_fixed.data());
  return {scratch.means_fixed.data(), nullptr, count, {}};
}

/// Means or samples of a tile's hidden units given the chain's last visible states.
HiddenStatistics Panels::model_statistics(int64_t tile, const BatchStates& states,
                                          const HalfStep& up, TrainScratch& scratch) {
  if (run_.settings.sampled_statistics) return sampled_model_statistics(tile, states, up, scratch);
  UnitOutput output = tile_output(tile);
  if (run_.settings.persistent)
    output = hidden_output(states, tile, run_.draws.last_hidden(states.batch.index));
  if (run_.states.has_float_means(states.model))
    output.means = scratch.tile.means.data();
  else
    output.means_fixed = scratch.means_fixed.data() +
                         (joins(states) ? Gradient::first_negative(states.data) * kTileUnits : 0);
  activate_chains(tile, states.last, up, scratch, output);
  return {output.means_fixed, output.means, states.model.count, {}};
}

/// The states a step of CD ends with, which nothing else draws; those PCD goes on with.
HiddenStatistics Panels::sampled_model_statistics(int64_t tile, const BatchStates& states,
                                                  const HalfStep& up, TrainScratch& scratch) {
  const DrawKey draws = run_.draws.last_hidden(states.batch.index);
  activate_chains(tile, states.last, up, scratch, hidden_output(states, tile, draws));
  const BitMatrixView units = run_.states.model_hidden.units_of(states.model.count);
  BitMatrixView hidden = states.hidden.bits;
  hidden.rows = states.model.count;
  run_.kernels.gradient.transpose_tile(hidden, tile, units);
  return {nullptr, nullptr, states.model.count, units};
}

}  // namespace udl
