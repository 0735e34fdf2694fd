#pragma once
// Rows of a call in blocks; inside a block the tiles of 16 units are shared among threads.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/rbm/steps/half_step.h"
#include "runtime/threads/parallel.h"

namespace udl {

/// Rows of a block: enough that building tables is a few per cent, few enough that sums stay in L2.
constexpr int64_t kBlockRows = 2048;

/// What one thread needs for half steps of a block.
struct BlockScratch {
  explicit BlockScratch(int64_t rows) : tile(rows) {}

  TileScratch tile;
  BitProduct product{tile.tables.data()};
};

struct RowBlock {
  int64_t first, count;
};

/// Calls work(block, scratches) for blocks of rows, with a BlockScratch for each thread.
template <class Work>
void for_each_block(int64_t n_rows, const Run& run, Work&& work, int64_t most_rows = kBlockRows) {
  const int64_t block_rows = std::min(n_rows, most_rows);
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

}  // namespace udl
