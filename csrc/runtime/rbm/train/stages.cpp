#include "runtime/rbm/train/stages.h"

#include <algorithm>

namespace udl {

Stages::Stages(Training& training)
    : run_(training),
      visible_sums_(training.state, training.states.max_chain_rows(), training.n_threads),
      visible_(training),
      panels_(training) {
  // Activations of one temperature among others work on whole fours of rows.
  const int64_t rows = training.states.max_rows() + (training.tempering.is_on() ? 4 : 0);
  scratch_.reserve(training.n_threads);
  for (int t = 0; t < training.n_threads; ++t)
    scratch_.emplace_back(training.state.n_visible, rows);
  if (training.state.rounds_products())
    for (TrainScratch& scratch : scratch_) scratch.allow_paired(training.state.n_visible, rows);
  if (!training.centring.is_on()) return;
  for (TrainScratch& scratch : scratch_)
    scratch.weights_before.resize(training.state.weights.panel_stride());
}

void Stages::fetch(Team& team, const Minibatch& batch) {
  team.for_each(Minibatches::blocks(batch), [&](int64_t block) { fetch_block(batch, block); });
}

void Stages::fetch_block(const Minibatch& batch, int64_t block) {
  run_.minibatches.fetch(batch, block, run_.draws.data(batch.index), run_.states.data_room(batch));
}

void Stages::data(Team& team, const BatchStates& states, int exponent) {
  TrainScratch& scratch = scratch_[team.thread_index()];
  const HalfStep up = panels_.half_step(exponent);
  if (run_.real_visible()) scale_data(team, states.batch);
  up.prepare(states.data, run_.n_threads, scratch.from_data);
  hidden_stage(team, states, exponent, [&](int64_t tile) {
    panels_.quantise(tile, exponent);
    panels_.data_hidden(tile, states, up, scratch);
  });
}

void Stages::scale_data(Team& team, const Minibatch& batch) {
  team.for_each(run_.state.visible_tiles(), [&](int64_t tile) {
    run_.states.scale_data(batch, tile, run_.state.visible.inverse_variance_tile(tile));
  });
}

/// All hidden tiles; where visible sums are split, each part's share of them follows at once, for
/// the chains of `following`.
template <class Tile>
void Stages::hidden_stage(Team& team, const BatchStates& following, int exponent,
                          Tile&& hidden_tile) {
  if (!visible_sums_.is_split()) return team.for_each(run_.state.hidden_tiles(), hidden_tile);
  BitProduct& product = scratch_[team.thread_index()].from_hidden;
  team.for_each(visible_sums_.n_parts(), [&](int64_t part) {
    const int64_t end = visible_sums_.first_tile(part + 1);
    for (int64_t tile = visible_sums_.first_tile(part); tile < end && !team.check_stop(); ++tile)
      hidden_tile(tile);
    if (following.batch.count > 0)
      visible_sums_.sum_part(part, following.hidden.bits, exponent, product, team);
  });
}

void Stages::chain(Team& team, const BatchStates& states, const Minibatch& next, int exponent) {
  const Minibatch none{};
  TrainScratch& scratch = scratch_[team.thread_index()];
  scratch.biases_step = run_.step_size.by_activity(states.batch.count);
  if (states.data.is_sparse()) sum_columns(team, states.data);
  for (int64_t s = 0; s < run_.settings.k && !team.stopped(); ++s) {
    if (s > 0) sample_hidden(team, states, s - 1, exponent);
    reconstruct(team, states, s, s == 0 ? next : none, exponent);
  }
}

/// For the visible biases. A thread sums some columns of all rows, so that the order is theirs.
void Stages::sum_columns(Team& team, const StatesView& data) {
  constexpr int64_t kColumns = 4096;
  team.for_each(divide_up(run_.state.n_visible, kColumns), [&](int64_t part) {
    const int64_t first = part * kColumns, end = std::min(first + kColumns, run_.state.n_visible);
    run_.kernels.sparse.column_sums(data.sparse, first, end, data.column_sums + first);
  });
}

void Stages::sample_hidden(Team& team, const BatchStates& states, int64_t s, int exponent) {
  TrainScratch& scratch = scratch_[team.thread_index()];
  const HalfStep up = panels_.half_step(exponent);
  up.prepare(states.chain, run_.n_threads, scratch.from_visible);
  hidden_stage(team, states, exponent,
               [&](int64_t tile) { panels_.chain_hidden(tile, states, s, up, scratch); });
}

void Stages::reconstruct(Team& team, const BatchStates& states, int64_t s,
                         const Minibatch& to_fetch, int exponent) {
  TrainScratch& scratch = scratch_[team.thread_index()];
  const HalfStep down(run_.state, Direction::to_visible, exponent, nullptr, &visible_sums_);
  if (!visible_sums_.is_split()) down.prepare(states.hidden, run_.n_threads, scratch.from_hidden);
  const int64_t n_tiles = down.n_tiles();
  team.for_each(n_tiles + Minibatches::blocks(to_fetch), [&](int64_t item) {
    if (item < n_tiles)
      visible_.reconstruct(item, states, s, down, scratch);
    else
      fetch_block(to_fetch, item - n_tiles);
  });
  if (run_.groups.is_on()) activate_groups(team, states, s);
  if (run_.tempering.is_on()) swap(team, states, s);
  const bool is_last = s == run_.settings.k - 1;
  if (is_last && (run_.groups.is_on() || run_.tempering.is_on())) learn_visible(team, states);
}

void Stages::activate_groups(Team& team, const BatchStates& states, int64_t s) {
  team.for_each(GroupStep::blocks(states.chain.count), [&](int64_t block) {
    visible_.activate_groups(block, states, s, team.thread_index());
  });
}

void Stages::swap(Team& team, const BatchStates& states, int64_t s) {
  const DrawSchedule::Swaps swaps = run_.draws.swaps(states.batch.index, s);
  team.for_each(run_.tempering.n_chains(), [&](int64_t c) {
    run_.tempering.swap(c, swaps, states.chain.bits, states.hidden.bits);
  });
}

/// The tiles that have not learned where they were reconstructed.
void Stages::learn_visible(Team& team, const BatchStates& states) {
  if (states.model.is_sparse()) sum_columns(team, states.model);
  const float step = scratch_[team.thread_index()].biases_step;
  const bool are_all = run_.tempering.is_on();
  team.for_each(run_.state.visible_tiles(), [&](int64_t tile) {
    if (are_all || run_.groups.holds(tile)) visible_.learn(tile, states, step);
  });
}

/// Below Gaussian visible units the gradient is made of states over sigma^2; what moves weights and
/// biases is that of the states: the gradient of the model of v / sigma, so that a rate means the
/// same in any units of the data.
void Stages::find_row_factors(const Minibatch& batch, TrainScratch& scratch) const {
  const Layer& visible = run_.state.visible;
  scratch.weights_step = scratch.biases_step * run_.step_size.by_inputs(batch.count);
  scratch.row_factors.reserve(visible.n_units());
  for (int64_t i = 0; i < visible.n_units(); ++i)
    scratch.row_factors[i] =
        visible.has_variances() ? visible.variance[i] * scratch.weights_step : scratch.weights_step;
}

void Stages::learn(Team& team, const BatchStates& states, const BatchStates& next, int exponent) {
  const int thread = team.thread_index();
  TrainScratch& scratch = scratch_[thread];
  const HalfStep up = panels_.half_step(exponent);
  const bool has_next = next.batch.count > 0 && !data_come_apart();
  panels_.begin_minibatch(thread);
  if (run_.step_size.is_bounded()) find_row_factors(states.batch, scratch);
  scratch.hidden_biases_step =
      run_.step_size.by_lengths(run_.words.of(states.batch), states.batch.count);
  scratch.rounding = {run_.state.narrow, run_.draws.first_offset(states.batch.index)};
  up.prepare(states.last, run_.n_threads, scratch.from_visible);
  if (has_next) up.prepare(next.data, run_.n_threads, scratch.from_data);
  hidden_stage(team, has_next ? next : BatchStates{}, exponent, [&](int64_t tile) {
    panels_.learn(tile, states, up, scratch, thread);
    if (has_next) panels_.data_hidden(tile, next, up, scratch);
  });
  if (!run_.centring.is_on() && !run_.variances.is_on()) return;
  team.for_each(run_.state.visible_tiles(), [&](int64_t tile) {
    if (run_.centring.is_on()) run_.centring.shift_visible(tile);
    if (run_.variances.is_on()) run_.variances.update(tile, states.batch);
  });
}

}  // namespace udl
