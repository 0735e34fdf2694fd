#include "runtime/rbm/steps/group_step.h"

#include <algorithm>

#include "base/bits.h"
#include "runtime/dispatch/target.h"

namespace udl {
namespace {

/// Calls visit(row) for the rows of a block that are below `rows`.
template <class Visit>
void for_rows_of(int64_t block, int64_t rows, Visit&& visit) {
  const int64_t first = block * kTileUnits;
  for (int64_t r = first; r < std::min(rows, first + kTileUnits); ++r) visit(r);
}

void switch_on(const BitMatrixView& states, int64_t row, int64_t unit) {
  states.word_column(unit / kWordBits)[row] |= uint64_t{1} << (unit % kWordBits);
}

/// A group of one is 0 or 1; a larger one without a unit that is on has no value.
bool has_value(const UnitRange& units, int64_t row, const StatesView* data) {
  return data == nullptr || units.size() == 1 || data->unit_on(row, units) >= 0;
}

}  // namespace

GroupStep::GroupStep(const Layer& layer, int64_t max_rows, int n_threads)
    : layer_(layer), groups_(layer.groups), kernels_(rbm_kernels().groups) {
  if (groups_.are_none()) return;
  const int64_t n_tiles = groups_.n_tiles();
  tile_stride_ = round_up(max_rows, kTileUnits) * kTileUnits;
  inputs_.resize(n_tiles * tile_stride_);
  scratch_.resize(n_threads);
  for (Scratch& scratch : scratch_) {
    scratch.columns.resize(n_tiles * kTileUnits * kTileUnits);
    scratch.chosen.resize(groups_.count() * kTileUnits);
    if (!layer.counts_words()) continue;
    scratch.columns.reserve(word_scratch(layer.n_units()));
    scratch.counts.resize(layer.n_units());
    scratch.counted.resize(divide_up(layer.n_units(), kWordBits));
  }
}

void GroupStep::keep_inputs(int64_t tile, const UnitInput& input) {
  UnitOutput output{};
  output.tile = tile;
  output.means = inputs_.data() + (tile - groups_.first_tile()) * tile_stride_;
  kernels_.keep_inputs(input, output);
}

GroupInput GroupStep::input(int64_t block) const {
  return {inputs_.data() + block * kTileUnits * kTileUnits,
          tile_stride_,
          groups_.first_tile(),
          groups_.n_tiles(),
          groups_.data(),
          groups_.count()};
}

void GroupStep::draw(int64_t block, int64_t rows, const GroupDraws& draws, const StatesView* data,
                     const StatesRoom& to, int thread, const GroupTempering& tempering) {
  Scratch& scratch = scratch_[thread];
  const auto first = static_cast<uint32_t>(block * kTileUnits);
  const GroupDraws of_block{draws.key, draws.first_chain + first};
  if (!layer_.counts_words())
    return draw_values(block, rows, of_block, data, to.bits, scratch, tempering);
  for_rows_of(block, rows, [&](int64_t r) { count_words(r, of_block, to.words, scratch); });
}

void GroupStep::draw_values(int64_t block, int64_t rows, const GroupDraws& draws,
                            const StatesView* data, const BitMatrixView& to, Scratch& scratch,
                            const GroupTempering& tempering) {
  GroupInput inputs = input(block);
  if (tempering.betas != nullptr) inputs.betas = tempering.betas + block * kTileUnits;
  kernels_.choose(inputs, draws, scratch.columns.data(), scratch.chosen.data());
  for_rows_of(block, rows, [&](int64_t r) {
    const int32_t* chosen = scratch.chosen.data() + r % kTileUnits;
    switch_off(to, r);
    for (int64_t g = 0; g < groups_.count(); ++g)
      if (chosen[g * kTileUnits] >= 0 && has_value(groups_[g], r, data))
        switch_on(to, r, groups_[g].first + chosen[g * kTileUnits]);
    if (tempering.energies != nullptr) tempering.energies[r] = sum_of_inputs(r, chosen);
  });
}

/// All units of a row that are activated here.
void GroupStep::switch_off(const BitMatrixView& states, int64_t row) const {
  const int64_t end = groups_.first_tile() + groups_.n_tiles();
  for (int64_t tile = groups_.first_tile(); tile < end; ++tile)
    if (holds(tile)) set_tile_bits(states.word_column(tile / kTilesPerWord) + row, tile, 0);
}

/// Of the units that are on, at beta = 1, in order of the groups.
double GroupStep::sum_of_inputs(int64_t row, const int32_t* chosen) const {
  double sum = 0;
  for (int64_t g = 0; g < groups_.count(); ++g) {
    if (chosen[g * kTileUnits] < 0) continue;
    const int64_t at = groups_[g].first - groups_.first_unit() + chosen[g * kTileUnits];
    sum += inputs_[at / kTileUnits * tile_stride_ + row * kTileUnits + at % kTileUnits];
  }
  return sum;
}

/// Units in ascending order: those of each word of bits in theirs.
void GroupStep::count_words(int64_t row, const GroupDraws& of_block, const WordsRoom& to,
                            Scratch& scratch) {
  const auto n_words = static_cast<int64_t>(to.lengths[row]);
  if (static_cast<int64_t>(scratch.words.size()) < n_words) scratch.words.resize(n_words);
  kernels_.draw_words(input(row / kTileUnits), row % kTileUnits, of_block, n_words,
                      scratch.columns.data(), scratch.words.data());
  for (int64_t n = 0; n < n_words; ++n) {
    const int32_t unit = scratch.words[n];
    scratch.counts[unit] += 1;
    scratch.counted[unit / kWordBits] |= uint64_t{1} << (unit % kWordBits);
  }
  int64_t at = to.first[row] = to.places[row];
  for (int64_t w = 0; w < scratch.counted.size(); ++w) {
    for (uint64_t left = scratch.counted[w]; left != 0; left &= left - 1, ++at) {
      const int64_t unit = w * kWordBits + lowest_bit(left);
      to.columns[at] = static_cast<int32_t>(unit);
      to.counts[at] = scratch.counts[unit];
      scratch.counts[unit] = 0;
    }
    scratch.counted[w] = 0;
  }
  to.last[row] = at;
}

void GroupStep::means(int64_t block, int64_t rows, const StatesView* data, const float* lengths,
                      const MeanRows& to, int thread) {
  float* columns = scratch_[thread].columns.data();
  const bool is_only_word = layer_.counts_words() && layer_.n_units() == 1;
  kernels_.probabilities(input(block), columns);
  for_rows_of(block, rows, [&](int64_t r) {
    float* row = to.values + r * to.stride;
    for (int64_t g = 0; g < groups_.count(); ++g) {
      const UnitRange& units = groups_[g];
      const float whole = !has_value(units, r, data) ? 0.0f : lengths != nullptr ? lengths[r] : 1;
      for (int64_t i = units.first; i < units.end; ++i)
        row[i] = is_only_word
                     ? whole
                     : whole * columns[(i - groups_.first_unit()) * kTileUnits + r % kTileUnits];
    }
  });
}

}  // namespace udl
