#include "runtime/rbm/train/visible_tiles.h"

namespace udl {

void VisibleTiles::reconstruct(int64_t tile, const BatchStates& states, int64_t s,
                               const HalfStep& down, TrainScratch& scratch) {
  const bool is_last = s == run_.settings.k - 1;
  const UnitInput input = down.input(states.hidden, tile, scratch.from_hidden, scratch.tile);
  if (run_.groups.holds(tile)) return run_.groups.keep_inputs(tile, input);
  if (is_last && !run_.settings.sample_visibles) {
    store_means(tile, states, input, down, scratch);
  } else {
    const DrawKey draws = run_.draws.chain_visible(states.batch.index, s);
    const StatesRoom room =
        run_.states.chain_room(states.chain.count, run_.state.visible.factors());
    run_.tempering.activate(down, tile, input, sample_output(room, tile, draws));
  }
  TrainStates::pair_chain(tile, states.chain);
  if (run_.tempering.is_on())
    run_.tempering.keep_energies(tile, input, states.chain.bits);
  else if (is_last)
    learn(tile, states, scratch.biases_step);
}

/// A group that has no value in a row of the data misses it in the chain that starts there, too.
void VisibleTiles::activate_groups(int64_t block, const BatchStates& states, int64_t s,
                                   int thread) {
  const float* lengths = states.data.lengths;
  const bool may_miss = !run_.settings.persistent && lengths == nullptr;
  const StatesView* data = may_miss ? &states.data : nullptr;
  if (s == run_.settings.k - 1 && !run_.settings.sample_visibles) {
    const MeanRows to{run_.states.chain_values(), states.last.value_stride};
    return run_.groups.means(block, states.chain.count, data, lengths, to, thread);
  }
  const GroupDraws draws{run_.draws.chain_visible(states.batch.index, s), 0};
  const StatesRoom room =
      lengths != nullptr ? run_.states.words_room(states.batch) : StatesRoom(states.chain.bits);
  run_.groups.draw(block, states.chain.count, draws, data, room, thread,
                   run_.tempering.of_groups());
}

void VisibleTiles::store_means(int64_t tile, const BatchStates& states, const UnitInput& input,
                               const HalfStep& down, TrainScratch& scratch) {
  UnitOutput output = tile_output(tile);
  output.means = scratch.tile.means.data();
  down.activate(input, output);
  if (run_.real_visible()) return scale_means(tile, states, output.means);
  copy_means(output.means, input.rows, tile, run_.state.n_visible, run_.states.chain_values(),
             states.last.value_stride);
}

void VisibleTiles::scale_means(int64_t tile, const BatchStates& states, const float* means) {
  float* to = run_.states.chain_values() + tile * states.model.value_tile_stride;
  const float* factors = run_.state.visible.inverse_variance_tile(tile);
  for (int64_t r = 0; r < states.model.count; ++r)
    for (int k = 0; k < kTileUnits; ++k)
      to[r * kTileUnits + k] = means[r * kTileUnits + k] * factors[k];
}

/// Prepares the tile's bits of both phases for the gradient and updates its biases.
void VisibleTiles::learn(int64_t tile, const BatchStates& states, float step_size) {
  const StatesView &data = states.data, &model = states.model;
  const RbmKernels& kernels = run_.kernels;
  if (!data.real) kernels.gradient.transpose_tile(data.bits, tile, data.units);
  if (!model.real) kernels.gradient.transpose_tile(model.bits, tile, model.units);
  run_.states.unpack_pairs(tile, states);
  run_.step_size.begin_visible(tile, data);
  if (run_.gradient.joins(data, model)) run_.gradient.join_tile(tile, data, model);
  if (run_.variances.is_on()) run_.variances.begin_visible(tile, data, model);
  run_.biases.update_visible(tile, states.batch.index == 0, statistic(tile, data),
                             statistic(tile, model), step_size);
}

/// Of states themselves, also where they lie over their variances.
TileStatistic VisibleTiles::statistic(int64_t tile, const StatesView& visible) const {
  TileStatistic found = visible_statistic(run_.kernels, visible, tile);
  if (run_.real_visible())
    for (int k = 0; k < kTileUnits; ++k)
      found.float_sums[k] *= run_.state.visible.variance[tile * kTileUnits + k];
  return found;
}

}  // namespace udl
