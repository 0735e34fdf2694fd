// Pseudo-likelihoods of the packed-bit engine: every flip of every row, by products
// (kernels/rbm/flips.h).
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/group_likelihood.h"
#include "runtime/rbm/row_blocks.h"

namespace udl {
namespace {

/// Rows that share tables: making these is then about a tenth of the work, and what the rows hold
/// of 500 hidden units, 6 KB each, stays near the cache.
constexpr int64_t kRowsOfTables = 256;

FlipRow flip_row(const StatesView& states, int64_t row, int64_t tile, const float* responses) {
  if (states.real)
    return {responses, 0, states.values + row * states.value_stride + tile * kTileUnits};
  const int64_t tiles_per_word = kWordBits / kTileUnits;
  const uint64_t word = states.bits.word_column(tile / tiles_per_word)[row];
  return {responses, static_cast<uint16_t>(word >> tile % tiles_per_word * kTileUnits), nullptr};
}

double sum_in_order(const float* values, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += values[i];
  return sum;
}

/// Of the tiles whose units are activated by tiles, each against its flip.
void score_flips(const RbmState& state, const Rows& visible, double* out, const Run& run) {
  const FlipKernels& kernels = rbm_kernels().flips;
  const HiddenFlipKernels& of_hidden = kernels.of_hidden[static_cast<int>(state.hidden.kind)];
  const HalfStep up = half_step(state, Direction::to_hidden);
  const WeightPanelsView weights = state.panels_at(state.scale_exponent);
  const int64_t row_size = up.n_tiles() * kResponseSize, n_tiles = state.visible_tiles();
  // Every visible unit of a row is flipped: sparse rows are unpacked, a block at a time.
  const int64_t row_bytes =
      unpacked_bytes(visible) + 4 * row_size + n_tiles * static_cast<int64_t>(sizeof(double));
  const int64_t most_rows = rows_of_block(visible.rows(), row_bytes, kRowsOfTables);
  Buffer<float> responses(most_rows * row_size);
  Buffer<double> tile_sums(n_tiles * most_rows);
  std::vector<Buffer<float>> tables(run.n_threads);
  LayerStates states;
  const auto score_block = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = load_states(visible, block.first, block.count, states);
    const bool real = from.real || !has_bits(state.hidden.kind);
    parallel_region(run, [&](Team& team) {
      const int thread = team.thread_index();
      for_each_tile(team, up, from, scratches[thread], [&](int64_t tile, const UnitInput& input) {
        of_hidden.responses(input, row_size, responses.data() + tile * kResponseSize);
      });
      tables[thread].reserve(FlipTables::size(up.n_tiles()));
      team.for_each(n_tiles, [&](int64_t tile) {
        if (state.visible.groups.holds(tile)) return;
        const FlipTables of_tile = kernels.tables(weights, tile, real, tables[thread].data());
        const int64_t n_units = std::min<int64_t>(kTileUnits, state.n_visible - tile * kTileUnits);
        const float* bias = state.visible.bias.tile(tile);
        for (int64_t r = 0; r < block.count; ++r) {
          alignas(64) float terms[kTileUnits];
          const FlipRow row = flip_row(from, r, tile, responses.data() + r * row_size);
          of_hidden.log_probabilities(of_tile, row, bias, terms);
          tile_sums[tile * most_rows + r] = sum_in_order(terms, n_units);
        }
      });
      team.for_each(block.count, [&](int64_t r) {
        double sum = 0;
        for (int64_t tile = 0; tile < n_tiles; ++tile) sum += tile_sums[tile * most_rows + r];
        out[block.first + r] = sum;
      });
    });
  };
  for_each_block(visible.rows(), most_rows, run, score_block);
}

}  // namespace

void FixedRbmEngine::pseudo_likelihood(const Rows& visible, double* out, const Run& run) const {
  check_has_pseudo_likelihood(units());
  const JointGroups& groups = state_.visible.groups;
  const bool has_tiles = groups.are_none() || groups.has_single_units();
  if (!has_tiles && !visible.is_bits())
    throw_invalid("pseudo_likelihood: rows must be bits with visible='softmax', got real values");
  if (has_tiles)
    score_flips(state_, visible, out, run);
  else
    std::fill_n(out, visible.rows(), 0.0);
  if (!groups.are_none()) add_group_scores(state_, visible, out, run);
}

}  // namespace udl
