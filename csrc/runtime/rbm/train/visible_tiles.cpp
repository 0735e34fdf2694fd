#include "runtime/rbm/train/visible_tiles.h"

namespace udl {

void VisibleTiles::reconstruct(int64_t tile, const BatchStates& states, int64_t s,
                               const HalfStep& down, TrainScratch& scratch) {
  const bool is_last = s == run_.settings.k - 1;
  const UnitInput input = down.input(states.hidden, tile, scratch.from_hidden, scratch.tile);
  if (is_last && states.last.real) {
    store_means(tile, states, input, down, scratch);
  } else {
    const DrawKey draws = run_.draws.chain_visible(states.batch.index, s);
    run_.tempering.activate(down, tile, input, sample_output(states.chain.bits, tile, draws));
  }
  if (run_.tempering.is_on())
    run_.tempering.keep_energies(tile, input, states.chain.bits);
  else if (is_last)
    learn(tile, states);
}

void VisibleTiles::store_means(int64_t tile, const BatchStates& states, const UnitInput& input,
                               const HalfStep& down, TrainScratch& scratch) {
  UnitOutput output = tile_output(tile);
  output.means = scratch.tile.means.data();
  down.activate(input, output);
  copy_means(output.means, input.rows, tile, run_.state.n_visible, run_.states.chain_values(),
             states.last.value_stride);
}

/// Transposes the tile's bits of both phases for the gradient and updates its biases.
void VisibleTiles::learn(int64_t tile, const BatchStates& states) {
  const StatesView &data = states.data, &model = states.model;
  const RbmKernels& kernels = run_.kernels;
  if (!data.real) kernels.gradient.transpose_tile(data.bits, tile, data.units);
  if (!model.real) kernels.gradient.transpose_tile(model.bits, tile, model.units);
  if (run_.gradient.joins(data, model)) run_.gradient.join_tile(tile, data, model);
  run_.biases.update_visible(tile, states.batch.index == 0, visible_statistic(kernels, data, tile),
                             visible_statistic(kernels, model, tile));
}

}  // namespace udl
