// Gibbs chains of the packed-bit engine: all steps of a block of chains are one parallel region.
#include <cstdint>
#include <utility>

#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/row_blocks.h"
#include "runtime/rbm/steps/clamp.h"

namespace udl {
namespace {

/// Where a visible half step of a block goes.
struct VisibleOutput {
  BitMatrixView states;
  float* means;  ///< (rows, n_units); null: not wanted
  int64_t n_units;
};

/// Held units are put back by who has drawn them: that costs no barrier.
void sample_free_units(Team& team, const HalfStep& down, const StatesView& hidden,
                       const BlockDraws& draws, const BlockClamp& clamp, BlockScratch& scratch,
                       const VisibleOutput& to) {
  down.prepare(hidden, team.n_threads(), scratch.product);
  team.for_each(down.n_tiles(), [&](int64_t tile) {
    UnitOutput output = sample_output(to.states, tile, draws.key, draws.first_chain);
    if (to.means != nullptr) output.means = scratch.tile.means.data();
    if (!clamp.holds(tile)) down.run(hidden, tile, scratch.product, scratch.tile, output);
    clamp.put_back(tile, to.states);
    if (to.means == nullptr) return;
    clamp.put_back(tile, output.means);
    copy_means(output.means, to.states.rows, tile, to.n_units, to.means, to.n_units);
  });
}

}  // namespace

std::pair<Rows, Rows> FixedRbmEngine::gibbs(const GibbsCall& call, const Run& run) const {
  const HalfStep up = half_step(state_, Direction::to_hidden),
                 down = half_step(state_, Direction::to_visible);
  const int64_t n_rows = call.visible.rows();
  Rows last_visible = Rows::zero_bits(n_rows, n_visible()),
       last_hidden = Rows::zero_bits(n_rows, n_hidden());
  float* means = call.visible_means.as<float>();
  LayerStates start, v, h;
  const auto run_chains = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView data = block_states(call.visible, block, up, start);
    const BlockClamp clamp(call.clamp, block.first, block.count);
    v.allocate_bits(block.count, n_visible());
    h.allocate_bits(block.count, n_hidden());
    const VisibleOutput states{v.bits.view(), nullptr, n_visible()};
    VisibleOutput last = states;
    if (means != nullptr) last.means = means + block.first * n_visible();
    parallel_region(run, [&](Team& team) {
      BlockScratch& scratch = scratches[team.thread_index()];
      const StatesView from_v = v.view(block.count, false), from_h = h.view(block.count, false);
      for (int64_t s = 0; s < call.n_steps && !team.stopped(); ++s) {
        sample_block(team, up, s == 0 ? data : from_v,
                     draws_of(block, call.source, call.source.hidden(s)), scratch, h.bits.view());
        sample_free_units(team, down, from_h, draws_of(block, call.source, call.source.visible(s)),
                          clamp, scratch, s + 1 < call.n_steps ? states : last);
      }
    });
    store_block(v.bits.view(), block.first, last_visible);
    store_block(h.bits.view(), block.first, last_hidden);
  };
  const int64_t of_clamp = call.clamp != nullptr ? 2 * bits_bytes(n_visible()) : 0;
  const int64_t row_bytes =
      states_bytes(call.visible, up) + bits_bytes(n_visible()) + bits_bytes(n_hidden()) + of_clamp;
  for_each_block(n_rows, rows_of_block(n_rows, row_bytes), run, run_chains);
  return {std::move(last_visible), std::move(last_hidden)};
}

}  // namespace udl
