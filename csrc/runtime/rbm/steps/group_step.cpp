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

/// Whether a bit of columns begin .. end - 1 is set.
bool any_on(const BitMatrixView& states, int64_t row, int64_t begin, int64_t end) {
  for (int64_t at = begin; at < end;) {
    const int64_t word = at / kWordBits, stop = std::min(end, (word + 1) * kWordBits);
    const uint64_t bits = states.word_column(word)[row] >> (at % kWordBits);
    if ((bits & low_bits(stop - at)) != 0) return true;
    at = stop;
  }
  return false;
}

}  // namespace

GroupStep::GroupStep(const Layer& layer, int64_t max_rows, int n_threads)
    : layer_(layer), kernels_(rbm_kernels().groups) {
  if (layer.group_starts.empty()) return;
  const int64_t n_tiles = layer.n_tiles();
  tile_stride_ = round_up(max_rows, kTileUnits) * kTileUnits;
  inputs_.resize(n_tiles * tile_stride_);
  scratch_.resize(n_threads);
  for (Scratch& scratch : scratch_) {
    scratch.columns.resize(n_tiles * kTileUnits * kTileUnits);
    scratch.chosen.resize(n_groups() * kTileUnits);
    if (!layer.counts_words()) continue;
    scratch.columns.reserve(word_scratch(layer.n_units()));
    scratch.counts.resize(layer.n_units());
    scratch.counted.resize(divide_up(layer.n_units(), kWordBits));
  }
}

UnitOutput GroupStep::inputs_of(int64_t tile) {
  UnitOutput output{};
  output.tile = tile;
  output.means = inputs_.data() + tile * tile_stride_;
  return output;
}

GroupInput GroupStep::input(int64_t block) const {
  return {inputs_.data() + block * kTileUnits * kTileUnits, tile_stride_,
          layer_.group_starts.data(), n_groups()};
}

bool GroupStep::has_value(int64_t group, int64_t row, const BitMatrixView* data) const {
  const std::vector<int64_t>& starts = layer_.group_starts;
  return data == nullptr || any_on(*data, row, starts[group], starts[group + 1]);
}

void GroupStep::draw(int64_t block, int64_t rows, const GroupDraws& draws,
                     const BitMatrixView* data, const StatesRoom& to, int thread,
                     const GroupTempering& tempering) {
  Scratch& scratch = scratch_[thread];
  const auto first = static_cast<uint32_t>(block * kTileUnits);
  const GroupDraws of_block{draws.key, draws.first_chain + first};
  if (!layer_.counts_words())
    return draw_values(block, rows, of_block, data, to.bits, scratch, tempering);
  for_rows_of(block, rows, [&](int64_t r) { count_words(r, of_block, to.words, scratch); });
}

void GroupStep::draw_values(int64_t block, int64_t rows, const GroupDraws& draws,
                            const BitMatrixView* data, const BitMatrixView& to, Scratch& scratch,
                            const GroupTempering& tempering) {
  GroupInput inputs = input(block);
  if (tempering.betas != nullptr) inputs.betas = tempering.betas + block * kTileUnits;
  kernels_.choose(inputs, draws, scratch.columns.data(), scratch.chosen.data());
  for_rows_of(block, rows, [&](int64_t r) {
    for (int64_t w = 0; w < to.word_columns(); ++w) to.word_column(w)[r] = 0;
    for (int64_t g = 0; g < n_groups(); ++g)
      if (has_value(g, r, data))
        switch_on(to, r, layer_.group_starts[g] + scratch.chosen[g * kTileUnits + r % kTileUnits]);
    if (tempering.energies != nullptr)
      tempering.energies[r] = sum_of_inputs(r, scratch.chosen.data() + r % kTileUnits);
  });
}

/// Of the units that are on, at beta = 1, in order of the groups.
double GroupStep::sum_of_inputs(int64_t row, const int32_t* chosen) const {
  double sum = 0;
  for (int64_t g = 0; g < n_groups(); ++g) {
    const int64_t unit = layer_.group_starts[g] + chosen[g * kTileUnits];
    sum += inputs_[unit / kTileUnits * tile_stride_ + row * kTileUnits + unit % kTileUnits];
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

void GroupStep::means(int64_t block, int64_t rows, const BitMatrixView* data, const float* lengths,
                      const MeanRows& to, int thread) {
  float* columns = scratch_[thread].columns.data();
  kernels_.probabilities(input(block), columns);
  for_rows_of(block, rows, [&](int64_t r) {
    float* row = to.values + r * to.stride;
    for (int64_t g = 0; g < n_groups(); ++g) {
      const float whole = !has_value(g, r, data) ? 0.0f : lengths != nullptr ? lengths[r] : 1.0f;
      for (int64_t i = layer_.group_starts[g]; i < layer_.group_starts[g + 1]; ++i)
        row[i] = whole * columns[i * kTileUnits + r % kTileUnits];
    }
  });
}

}  // namespace udl
