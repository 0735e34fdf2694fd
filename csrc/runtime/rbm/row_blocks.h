#pragma once
// Rows of a call in blocks; inside a block the tiles of 16 units are shared among threads.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/rbm/model/row_length.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/steps/group_step.h"
#include "runtime/rbm/steps/half_step.h"
#include "runtime/rbm/steps/tempering/temperature.h"
#include "runtime/threads/parallel.h"

namespace udl {

/// Rows of a block: enough that building tables is a few per cent, few enough that sums stay in L2.
constexpr int64_t kBlockRows = 2048;
/// What the rows of a block hold, which bounds their number where layers are wide: from about 4,000
/// grey units on.
constexpr int64_t kBlockBytes = int64_t{32} << 20;
constexpr int64_t kLeastBlockRows = 16;

/// Bytes of a row of so many bits.
inline int64_t bits_bytes(int64_t n_units) { return divide_up(n_units, kWordBits) * 8; }
/// Bytes of a row of states.
inline int64_t unpacked_bytes(const Rows& rows) {
  return rows.is_bits() ? bits_bytes(rows.columns())
                        : rows.columns() * static_cast<int64_t>(sizeof(float));
}
/// Bytes of a row as `half` reads it.
inline int64_t states_bytes(const Rows& rows, const HalfStep& half) {
  if (rows.is_sparse() && half.takes_sparse()) return 0;
  if (!half.takes_bits()) return rows.columns() * static_cast<int64_t>(sizeof(float));
  return unpacked_bytes(rows);
}

/// Bytes of a row of inputs that a half step keeps: those of units in groups.
inline int64_t inputs_bytes(const Layer& layer) {
  return layer.groups.n_tiles() * kTileUnits * static_cast<int64_t>(sizeof(float));
}

/// Bytes of a row of states that a half step draws, and of what it keeps meanwhile.
inline int64_t drawn_bytes(const Layer& layer) {
  const int64_t of_states = has_bits(layer.kind)
                                ? bits_bytes(layer.n_units())
                                : layer.n_units() * static_cast<int64_t>(sizeof(float));
  return of_states + inputs_bytes(layer);
}

/// What one thread needs for half steps of a block.
struct BlockScratch {
  explicit BlockScratch(int64_t rows) : tile(rows) {}

  TileScratch tile;
  BitProduct product{tile.tables.data()};
};

struct RowBlock {
  int64_t first, count;
};

/// At the scale that the weights have outside of training.
inline HalfStep half_step(const RbmState& state, Direction direction) {
  return {state, direction, state.scale_exponent};
}

/// Rows that count words, with their lengths, likewise.
inline StatesView word_rows(const Rows& rows, const RowBlock& block, const HalfStep& half,
                            LayerStates& room) {
  room.lengths.reserve(block.count);
  for (int64_t r = 0; r < block.count; ++r)
    room.lengths[r] = static_cast<float>(row_length(rows, block.first + r));
  StatesView view = rows.is_sparse() && half.takes_sparse()
                        ? view_of_sparse(rows.sparse(block.first, block.count), true)
                        : load_values(rows, block.first, block.count, nullptr, room);
  view.lengths = room.lengths.data();
  return view;
}

/// Rows of a block as `half` reads them: in `room`, or where they lie.
inline StatesView block_states(const Rows& rows, const RowBlock& block, const HalfStep& half,
                               LayerStates& room) {
  if (half.from().counts_words()) return word_rows(rows, block, half, room);
  if (rows.is_sparse() && half.takes_sparse())
    return view_of_sparse(rows.sparse(block.first, block.count), !rows.is_bits());
  if (!half.takes_bits())
    return load_values(rows, block.first, block.count, half.from().factors(), room);
  return load_states(rows, block.first, block.count, room);
}

/// Rows of the longest block where each takes `row_bytes`.
inline int64_t rows_of_block(int64_t n_rows, int64_t row_bytes, int64_t most_rows = kBlockRows) {
  const int64_t fitting = kBlockBytes / std::max<int64_t>(row_bytes, 1);
  return std::min({n_rows, most_rows, std::max(fitting, kLeastBlockRows)});
}

/// Calls work(block, scratches) for blocks of at most `block_rows` rows, with a BlockScratch for
/// each thread.
template <class Work>
void for_each_block(int64_t n_rows, int64_t block_rows, const Run& run, Work&& work) {
  std::vector<BlockScratch> scratches;
  scratches.reserve(run.n_threads);
  for (int t = 0; t < run.n_threads; ++t) scratches.emplace_back(block_rows);
  for (int64_t first = 0; first < n_rows && !run.stopped(); first += block_rows)
    work(RowBlock{first, std::min(block_rows, n_rows - first)}, scratches);
}

/// All tiles of a half step on one thread's share of a team: tile_work(tile, input), where `input`
/// holds the sums of the tile.
template <class TileWork>
void for_each_tile(Team& team, const HalfStep& half, const StatesView& from, BlockScratch& scratch,
                   TileWork&& tile_work) {
  half.prepare(from, team.n_threads(), scratch.product);
  team.for_each(half.n_tiles(), [&](int64_t tile) {
    tile_work(tile, half.input(from, tile, scratch.product, scratch.tile));
  });
}

/// Draws of a block; row r is chain first_chain + r.
struct BlockDraws {
  DrawKey key;
  uint32_t first_chain;
};

inline BlockDraws draws_of(const RowBlock& block, const DrawSource& source, const DrawKey& key) {
  return {key, source.first_chain + static_cast<uint32_t>(block.first)};
}

/// The tiles of a half step of the layer at a temperature: those of units in groups leave their
/// inputs, others are activated by tile_work(tile, input).
template <class TileWork>
void activate_tiles(Team& team, const HalfStep& half, const Temperature& at, const StatesView& from,
                    BlockScratch& scratch, GroupStep& groups, TileWork&& tile_work) {
  for_each_tile(team, half, from, scratch, [&](int64_t tile, const UnitInput& input) {
    if (groups.holds(tile)) return groups.keep_inputs(tile, at.of(input, tile));
    tile_work(tile, at.of(input, tile));
  });
}

/// Sampled states of a block, of the layer at a temperature.
inline void sample_block(Team& team, const HalfStep& half, const Temperature& at,
                         const StatesView& from, const BlockDraws& draws, BlockScratch& scratch,
                         GroupStep& groups, const StatesRoom& to) {
  activate_tiles(team, half, at, from, scratch, groups, [&](int64_t tile, const UnitInput& input) {
    half.activate(input, sample_output(to, tile, draws.key, draws.first_chain));
  });
  if (!groups.is_on()) return;
  team.for_each(GroupStep::blocks(from.count), [&](int64_t few) {
    groups.draw(few, from.count, {draws.key, draws.first_chain}, nullptr, to, team.thread_index());
  });
}

/// Means of a block, of the layer at a temperature.
inline void means_of_block(Team& team, const HalfStep& half, const Temperature& at,
                           const StatesView& from, BlockScratch& scratch, GroupStep& groups,
                           const MeanRows& to) {
  activate_tiles(team, half, at, from, scratch, groups, [&](int64_t tile, const UnitInput& input) {
    UnitOutput output = tile_output(tile);
    output.means = scratch.tile.means.data();
    half.activate(input, output);
    copy_means(output.means, from.count, tile, half.to().n_units(), to.values, to.stride);
  });
  if (!groups.is_on()) return;
  team.for_each(GroupStep::blocks(from.count), [&](int64_t few) {
    groups.means(few, from.count, nullptr, nullptr, to, team.thread_index());
  });
}

}  // namespace udl
