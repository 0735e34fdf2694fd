// Means and samples of the packed-bit engine, and its training.
#include <cstdint>

#include "runtime/rbm/drawn_rows.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/row_blocks.h"
#include "runtime/rbm/train/trainer.h"

namespace udl {
namespace {

/// Of all tiles for the rows of a block on one thread.
void write_sparse_means(const HalfStep& half, const Rows& rows, const RowBlock& block,
                        BlockScratch& scratch, float* out) {
  const int64_t n_units = half.to().n_units();
  LayerStates room;
  const StatesView from = block_states(rows, block, half, room);
  for (int64_t tile = 0; tile < half.n_tiles(); ++tile) {
    UnitOutput output = tile_output(tile);
    output.means = scratch.tile.means.data();
    half.run(from, tile, scratch.product, scratch.tile, output);
    copy_means(output.means, block.count, tile, n_units, out + block.first * n_units, n_units);
  }
}

/// Blocks of rows are shared among threads, as tiles are elsewhere: sparse rows need no preparation
/// that tiles would share.
void write_means_of_sparse(const HalfStep& half, const Rows& rows, float* out, const Run& run) {
  constexpr int64_t kRowsOfThread = 256;
  parallel_region(run, [&](Team& team) {
    BlockScratch scratch(kRowsOfThread);
    team.for_each(divide_up(rows.rows(), kRowsOfThread), [&](int64_t number) {
      const int64_t first = number * kRowsOfThread;
      const RowBlock block{first, std::min(kRowsOfThread, rows.rows() - first)};
      if (!team.check_stop()) write_sparse_means(half, rows, block, scratch, out);
    });
  });
}

void write_means(const HalfStep& half, const Rows& rows, float* out, const Run& run) {
  const bool too_few_tiles = half.n_tiles() < run.n_threads;
  if (too_few_tiles && rows.is_sparse() && half.takes_sparse())
    return write_means_of_sparse(half, rows, out, run);
  const int64_t n_units = half.to().n_units();
  const int64_t row_bytes = states_bytes(rows, half) + inputs_bytes(half.to());
  const int64_t block_rows = rows_of_block(rows.rows(), row_bytes);
  const Temperature at(half.to());
  GroupStep groups(half.to(), block_rows, run.n_threads);
  LayerStates states;
  const auto means_of = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = block_states(rows, block, half, states);
    const MeanRows to{out + block.first * n_units, n_units};
    parallel_region(run, [&](Team& team) {
      means_of_block(team, half, at, from, scratches[team.thread_index()], groups, to);
    });
  };
  for_each_block(rows.rows(), block_rows, run, means_of);
}

/// Room for drawn states; rows of words have one word.
StatesRoom drawn_room(const Layer& layer, int64_t rows, LayerStates& to) {
  if (layer.counts_words()) {
    to.lengths.resize(rows);
    std::fill_n(to.lengths.data(), rows, 1.0f);
    to.allocate_words(to.lengths.data(), rows, layer.n_units());
    return to.words_room(to.lengths.data(), to.word_places.data());
  }
  to.allocate_states(rows, layer);
  return to.states_room(rows, nullptr);
}

Rows draw_samples(const HalfStep& half, const Rows& rows, const DrawSource& source,
                  const DrawKey& key, const Run& run) {
  DrawnRows out(half.to(), rows.rows());
  const int64_t row_bytes = states_bytes(rows, half) + drawn_bytes(half.to());
  const int64_t block_rows = rows_of_block(rows.rows(), row_bytes);
  const Temperature at(half.to());
  GroupStep groups(half.to(), block_rows, run.n_threads);
  LayerStates states;
  const auto draw = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = block_states(rows, block, half, states);
    const BlockDraws draws = draws_of(block, source, key);
    LayerStates to;
    const StatesRoom room = drawn_room(half.to(), block.count, to);
    parallel_region(run, [&](Team& team) {
      sample_block(team, half, at, from, draws, scratches[team.thread_index()], groups, room);
    });
    out.store(to.states(block.count), block.first);
  };
  for_each_block(rows.rows(), block_rows, run, draw);
  return out.take();
}

}  // namespace

TrainResult FixedRbmEngine::train(const TrainCall& call, const Run& run) {
  return train_fixed(state_, call, run);
}

void FixedRbmEngine::mean_hidden(const Rows& visible, RealSpan out, const Run& run) const {
  write_means(half_step(state_, Direction::to_hidden), visible, out.as<float>(), run);
}

void FixedRbmEngine::mean_visible(const Rows& hidden, RealSpan out, const Run& run) const {
  write_means(half_step(state_, Direction::to_visible), hidden, out.as<float>(), run);
}

Rows FixedRbmEngine::sample_hidden(const Rows& visible, const DrawSource& source,
                                   const Run& run) const {
  return draw_samples(half_step(state_, Direction::to_hidden), visible, source, source.hidden(),
                      run);
}

Rows FixedRbmEngine::sample_visible(const Rows& hidden, const DrawSource& source,
                                    const Run& run) const {
  return draw_samples(half_step(state_, Direction::to_visible), hidden, source, source.visible(),
                      run);
}

}  // namespace udl
