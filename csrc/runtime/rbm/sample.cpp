// Means, samples and Gibbs chains of the packed-bit engine, and its training.
#include <cstdint>

#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/row_blocks.h"
#include "runtime/rbm/train/trainer.h"

namespace udl {
namespace {

HalfStep half_step(const RbmState& state, Direction direction) {
  return {state, direction, state.scale_exponent};
}

/// Of all tiles for the rows of a block on one thread.
void write_sparse_means(const HalfStep& half, const Rows& rows, const RowBlock& block,
                        BlockScratch& scratch, float* out) {
  const int64_t n_units = half.to().n_units();
  const StatesView from = view_of_sparse(rows.sparse(block.first, block.count), !rows.is_bits());
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
  LayerStates states;
  const auto means_of = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = block_states(rows, block, half, states);
    parallel_region(run, [&](Team& team) {
      BlockScratch& scratch = scratches[team.thread_index()];
      for_each_tile(team, half, from, scratch, [&](int64_t tile, const UnitInput& input) {
        UnitOutput output = tile_output(tile);
        output.means = scratch.tile.means.data();
        half.activate(input, output);
        copy_means(output.means, block.count, tile, n_units, out + block.first * n_units, n_units);
      });
    });
  };
  for_each_block(rows.rows(), rows_of_block(rows.rows(), states_bytes(rows, half)), run, means_of);
}

/// Sampled bits of a block; row r is chain first_chain + r.
struct BlockDraws {
  DrawKey key;
  uint32_t first_chain;
};

BlockDraws draws_of(const RowBlock& block, const DrawSource& source, const DrawKey& key) {
  return {key, source.first_chain + static_cast<uint32_t>(block.first)};
}

void sample_block(Team& team, const HalfStep& half, const StatesView& from, const BlockDraws& draws,
                  BlockScratch& scratch, const BitMatrixView& to) {
  for_each_tile(team, half, from, scratch, [&](int64_t tile, const UnitInput& input) {
    half.activate(input, sample_output(to, tile, draws.key, draws.first_chain));
  });
}

void store_block(const BitMatrixView& bits, int64_t first, Rows& out) {
  for (int64_t r = 0; r < bits.rows; ++r)
    for (int64_t w = 0; w < out.words_per_row(); ++w)
      out.bits_row(first + r)[w] = bits.word_column(w)[r];
}

Rows draw_samples(const HalfStep& half, const Rows& rows, const DrawSource& source,
                  const DrawKey& key, const Run& run) {
  Rows out = Rows::zero_bits(rows.rows(), half.to().n_units());
  LayerStates states;
  const auto draw = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = block_states(rows, block, half, states);
    const BlockDraws draws = draws_of(block, source, key);
    BitMatrix to(block.count, half.to().n_units());
    parallel_region(run, [&](Team& team) {
      sample_block(team, half, from, draws, scratches[team.thread_index()], to.view());
    });
    store_block(to.view(), block.first, out);
  };
  const int64_t row_bytes = states_bytes(rows, half) + bits_bytes(out.columns());
  for_each_block(rows.rows(), rows_of_block(rows.rows(), row_bytes), run, draw);
  return out;
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

std::pair<Rows, Rows> FixedRbmEngine::gibbs(const Rows& visible, int64_t n_steps,
                                            const DrawSource& source, const Run& run) const {
  const HalfStep up = half_step(state_, Direction::to_hidden),
                 down = half_step(state_, Direction::to_visible);
  Rows last_visible = Rows::zero_bits(visible.rows(), n_visible()),
       last_hidden = Rows::zero_bits(visible.rows(), n_hidden());
  LayerStates start, v, h;
  const auto run_chains = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView data = block_states(visible, block, up, start);
    v.allocate_bits(block.count, n_visible());
    h.allocate_bits(block.count, n_hidden());
    parallel_region(run, [&](Team& team) {
      BlockScratch& scratch = scratches[team.thread_index()];
      const StatesView from_v = v.view(block.count, false), from_h = h.view(block.count, false);
      for (int64_t s = 0; s < n_steps && !team.stopped(); ++s) {
        sample_block(team, up, s == 0 ? data : from_v, draws_of(block, source, source.hidden(s)),
                     scratch, h.bits.view());
        sample_block(team, down, from_h, draws_of(block, source, source.visible(s)), scratch,
                     v.bits.view());
      }
    });
    store_block(v.bits.view(), block.first, last_visible);
    store_block(h.bits.view(), block.first, last_hidden);
  };
  const int64_t row_bytes =
      states_bytes(visible, up) + bits_bytes(n_visible()) + bits_bytes(n_hidden());
  for_each_block(visible.rows(), rows_of_block(visible.rows(), row_bytes), run, run_chains);
  return {std::move(last_visible), std::move(last_hidden)};
}

}  // namespace udl
