#include "runtime/cuda/rbm/train/phases.h"

#include "runtime/cuda/rbm/steps/half_step.h"

namespace udl::cuda {

Phases::Phases(DeviceRbmState& state, const TrainSettings& settings, const DrawSchedule& draws,
               int64_t max_rows, bool binary_data)
    : state_(state),
      settings_(settings),
      draws_(draws),
      max_chain_rows_(settings.persistent ? state.n_chains() : max_rows),
      data_fixed_(*state.driver, binary_data ? max_rows * state.n_hidden : 0),
      model_fixed_(*state.driver, settings.sample_visibles ? max_chain_rows_ * state.n_hidden : 0),
      data_means_(*state.driver, binary_data ? 0 : max_rows * state.n_hidden),
      model_means_(*state.driver, settings.sample_visibles ? 0 : max_chain_rows_ * state.n_hidden),
      data_bits_(room_for_bits(*state.driver, max_rows, state.n_hidden)),
      chain_bits_(room_for_bits(*state.driver, max_chain_rows_, state.n_visible)),
      chain_means_(*state.driver, settings.sample_visibles ? 0 : max_chain_rows_ * state.n_visible),
      own_hidden_(
          room_for_bits(*state.driver, settings.persistent ? 0 : max_rows, state.n_hidden)) {}

/// Means of hidden units given real values are floats, as sums of such are.
plain::Phase Phases::data(int64_t index, const plain::States& rows) {
  const bool sampled = settings_.sampled_statistics;
  HalfStepOutput to;
  if (!settings_.persistent || sampled) to.samples = data_bits_.data();
  to.draws = draws_.hidden_given_data(index);
  if (rows.bits == nullptr)
    to.means = data_means_.data();
  else if (!sampled)
    to.means_fixed = data_fixed_.data();
  half_step(state_, Towards::hidden, rows, to);
  return {rows, {to.means_fixed, to.means, sampled ? data_bits_.data() : nullptr}};
}

plain::Phase Phases::model(int64_t index, int64_t n_data_rows) {
  const int64_t rows = settings_.persistent ? state_.n_chains() : n_data_rows;
  uint32_t* const chain = settings_.persistent ? state_.chains.data() : own_hidden_.data();
  plain::States hidden{settings_.persistent ? chain : data_bits_.data(), nullptr, rows};
  for (int64_t s = 0; s < settings_.k; ++s) {
    if (s > 0) {
      HalfStepOutput to;
      to.samples = chain;
      to.draws = draws_.chain_hidden(index, s - 1);
      half_step(state_, Towards::hidden, visible_states(rows, false), to);
      hidden.bits = chain;
    }
    reconstruct(index, s, hidden);
  }
  return end(index, visible_states(rows, !settings_.sample_visibles));
}

plain::States Phases::visible_states(int64_t rows, bool are_means) const {
  return {are_means ? nullptr : chain_bits_.data(), are_means ? chain_means_.data() : nullptr,
          rows};
}

void Phases::reconstruct(int64_t index, int64_t step, const plain::States& hidden) {
  HalfStepOutput to;
  if (step == settings_.k - 1 && !settings_.sample_visibles)
    to.means = chain_means_.data();
  else
    to.samples = chain_bits_.data();
  to.draws = draws_.chain_visible(index, step);
  half_step(state_, Towards::visible, hidden, to);
}

/// Hidden units given the chain's last visible states: where PCD goes on, and what the statistics
/// see.
plain::Phase Phases::end(int64_t index, const plain::States& visible) {
  const bool sampled = settings_.sampled_statistics;
  uint32_t* const hidden = settings_.persistent ? state_.chains.data() : own_hidden_.data();
  HalfStepOutput to;
  if (settings_.persistent || sampled) to.samples = hidden;
  to.draws = draws_.last_hidden(index);
  if (visible.bits == nullptr)
    to.means = model_means_.data();
  else if (!sampled)
    to.means_fixed = model_fixed_.data();
  half_step(state_, Towards::hidden, visible, to);
  return {visible, {to.means_fixed, to.means, sampled ? hidden : nullptr}};
}

}  // namespace udl::cuda
