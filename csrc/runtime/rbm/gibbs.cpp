// Gibbs chains of the packed-bit engine: all steps of a block of chains are one parallel region.
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "runtime/rbm/drawn_rows.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/row_blocks.h"
#include "runtime/rbm/steps/clamp.h"

namespace udl {
namespace {

/// Where a visible half step of a block goes.
struct VisibleOutput {
  StatesRoom states;
  float* means;  ///< (rows, n_units); null: not wanted
  int64_t rows, n_units;

  MeanRows mean_rows() const { return {means, n_units}; }
};

/// Units that are activated by their tile; held ones are put back by who has drawn them: that costs
/// no barrier.
void sample_free_tile(const HalfStep& down, const Temperature& at, const StatesView& hidden,
                      int64_t tile, const BlockDraws& draws, const BlockClamp& clamp,
                      BlockScratch& scratch, const VisibleOutput& to) {
  UnitOutput output = sample_output(to.states, tile, draws.key, draws.first_chain);
  if (to.means != nullptr) output.means = scratch.tile.means.data();
  if (!clamp.holds(tile))
    down.activate(at.of(down.input(hidden, tile, scratch.product, scratch.tile), tile), output);
  clamp.put_back(tile, to.states);
  if (to.means == nullptr) return;
  clamp.put_back(tile, output.means);
  copy_means(output.means, to.rows, tile, to.n_units, to.means, to.n_units);
}

/// Units in groups, by the blocks of rows that draw them; held ones are put back afterwards.
void sample_free_groups(Team& team, const BlockDraws& draws, const BlockClamp& clamp,
                        int64_t n_tiles, GroupStep& groups, const VisibleOutput& to) {
  team.for_each(GroupStep::blocks(to.rows), [&](int64_t few) {
    const int thread = team.thread_index();
    const float* lengths = to.states.words.lengths;
    if (to.means != nullptr) groups.means(few, to.rows, nullptr, lengths, to.mean_rows(), thread);
    groups.draw(few, to.rows, {draws.key, draws.first_chain}, nullptr, to.states, thread);
  });
  if (clamp.is_free()) return;
  team.for_each(n_tiles, [&](int64_t tile) {
    if (!groups.holds(tile)) return;
    clamp.put_back(tile, to.states);
    if (to.means != nullptr) clamp.put_back(tile, to.mean_rows());
  });
}

void sample_free_units(Team& team, const HalfStep& down, const Temperature& at,
                       const StatesView& hidden, const BlockDraws& draws, const BlockClamp& clamp,
                       BlockScratch& scratch, GroupStep& groups, const VisibleOutput& to) {
  down.prepare(hidden, team.n_threads(), scratch.product);
  team.for_each(down.n_tiles(), [&](int64_t tile) {
    if (!groups.holds(tile))
      return sample_free_tile(down, at, hidden, tile, draws, clamp, scratch, to);
    groups.keep_inputs(tile, at.of(down.input(hidden, tile, scratch.product, scratch.tile), tile));
  });
  if (groups.is_on()) sample_free_groups(team, draws, clamp, down.n_tiles(), groups, to);
}

/// Room for the visible states of chains that start at `data`: rows of words stay as long as they
/// are.
void allocate_visible(const StatesView& data, int64_t rows, const Layer& layer, LayerStates& v) {
  if (layer.counts_words()) return v.allocate_words(data.lengths, rows, layer.n_units());
  v.allocate_states(rows, layer);
}

StatesRoom visible_room(const StatesView& data, int64_t rows, const float* factors,
                        LayerStates& v) {
  if (data.lengths != nullptr) return v.words_room(data.lengths, v.word_places.data());
  return v.states_room(rows, factors);
}

}  // namespace

std::pair<Rows, Rows> FixedRbmEngine::gibbs(const GibbsCall& call, const Run& run) const {
  if (call.clamp != nullptr && state_.visible.counts_words())
    throw_invalid("gibbs: words of visible='replicated_softmax' cannot be held");
  const HalfStep up = half_step(state_, Direction::to_hidden),
                 down = half_step(state_, Direction::to_visible);
  const Temperature hidden_at(state_.hidden, static_cast<float>(call.beta)),
      visible_at(state_.visible, static_cast<float>(call.beta));
  const int64_t n_rows = call.visible.rows();
  DrawnRows last_visible(state_.visible, n_rows), last_hidden(state_.hidden, n_rows);
  float* means = call.visible_means.as<float>();
  const int64_t of_clamp =
      call.clamp != nullptr ? bits_bytes(n_visible()) + drawn_bytes(state_.visible) : 0;
  const int64_t row_bytes = states_bytes(call.visible, up) + drawn_bytes(state_.visible) +
                            drawn_bytes(state_.hidden) + of_clamp;
  const int64_t block_rows = rows_of_block(n_rows, row_bytes);
  GroupStep visible_groups(state_.visible, block_rows, run.n_threads),
      hidden_groups(state_.hidden, block_rows, run.n_threads);
  LayerStates start, v, h;
  const auto run_chains = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView data = block_states(call.visible, block, up, start);
    const BlockClamp clamp(call.clamp, state_.visible, block.first, block.count);
    allocate_visible(data, block.count, state_.visible, v);
    h.allocate_states(block.count, state_.hidden);
    const StatesRoom to_h = h.states_room(block.count, state_.hidden.factors());
    const VisibleOutput between{visible_room(data, block.count, state_.visible.factors(), v),
                                nullptr, block.count, n_visible()};
    // States that no step reads are what they are.
    const VisibleOutput last{visible_room(data, block.count, nullptr, v),
                             means != nullptr ? means + block.first * n_visible() : nullptr,
                             block.count, n_visible()};
    parallel_region(run, [&](Team& team) {
      BlockScratch& scratch = scratches[team.thread_index()];
      StatesView from_v = v.states(block.count);
      const StatesView from_h = h.states(block.count);
      from_v.lengths = data.lengths;
      for (int64_t s = 0; s < call.n_steps && !team.stopped(); ++s) {
        sample_block(team, up, hidden_at, s == 0 ? data : from_v,
                     draws_of(block, call.source, call.source.hidden(s)), scratch, hidden_groups,
                     to_h);
        sample_free_units(team, down, visible_at, from_h,
                          draws_of(block, call.source, call.source.visible(s)), clamp, scratch,
                          visible_groups, s + 1 < call.n_steps ? between : last);
      }
    });
    last_visible.store(v.states(block.count), block.first);
    last_hidden.store(h.states(block.count), block.first);
  };
  for_each_block(n_rows, block_rows, run, run_chains);
  return {last_visible.take(), last_hidden.take()};
}

}  // namespace udl
