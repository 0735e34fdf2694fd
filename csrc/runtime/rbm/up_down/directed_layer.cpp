#include "runtime/rbm/up_down/directed_layer.h"

#include <algorithm>

#include "base/bits.h"
#include "base/fixed.h"
#include "runtime/dispatch/target.h"
#include "runtime/rbm/steps/half_step.h"
#include "runtime/rbm/train/rules/bias_rule.h"

namespace udl {
namespace {

/// A one, as means in fixed point have it: so errors vanish where means come near.
constexpr auto kOne = static_cast<int32_t>(kProbabilityMax);

/// Four bits as states in fixed point.
struct FourStates {
  int32_t of[16][4];
  constexpr FourStates() : of() {
    for (int bits = 0; bits < 16; ++bits)
      for (int k = 0; k < 4; ++k) of[bits][k] = bits >> k & 1 ? kOne : 0;
  }
};
constexpr FourStates kFourStates;

/// A tile of bits less their means, in place of the means.
void subtract_from_bits(const BitMatrixView& bits, int64_t tile, int32_t* means) {
  const uint64_t* words = bits.word_column(tile / kTilesPerWord);
  for (int64_t r = 0; r < bits.rows; ++r, means += kTileUnits) {
    const uint64_t row = tile_bits(words + r, tile);
    for (int four = 0; four < kTileUnits; four += 4) {
      const int32_t* states = kFourStates.of[row >> four & 15];
      for (int k = 0; k < 4; ++k) means[four + k] = states[k] - means[four + k];
    }
  }
}

/// The same of values in [0, 1].
void subtract_from_values(const StatesView& states, int64_t tile, int32_t* means) {
  const float* row = states.value_tile(tile);
  for (int64_t r = 0; r < states.count; ++r, row += states.value_stride, means += kTileUnits)
    for (int k = 0; k < kTileUnits; ++k) {
      const int32_t fixed = round_to_int(row[k] * kProbabilityOne);
      means[k] = std::min(fixed, kOne) - means[k];
    }
}

}  // namespace

DirectedLayer::DirectedLayer(RbmState& state, const TrainSettings& settings, int64_t max_rows,
                             int n_threads)
    : state_(state),
      kernels_(rbm_kernels()),
      settings_(settings),
      n_threads_(n_threads),
      gradient_(state),
      rule_(state, settings, n_threads) {
  scratch_.reserve(n_threads);
  for (int t = 0; t < n_threads; ++t) scratch_.emplace_back(state.n_visible, max_rows);
}

void DirectedLayer::draw(Team& team, const StatesView& inputs, int exponent, const DrawKey& draws,
                         LayerStates& to) {
  TrainScratch& scratch = scratch_[team.thread_index()];
  const HalfStep half = half_step(exponent);
  const BitMatrixView bits = to.bits.view(inputs.count), units = to.units_of(inputs.count);
  half.prepare(inputs, n_threads_, scratch.from_visible);
  team.for_each(half.n_tiles(), [&](int64_t tile) {
    half.run(inputs, tile, scratch.from_visible, scratch.tile, sample_output(bits, tile, draws));
    kernels_.gradient.transpose_tile(bits, tile, units);
  });
}

void DirectedLayer::find_means(Team& team, const StatesView& inputs, int exponent,
                               LayerStates& to) {
  TrainScratch& scratch = scratch_[team.thread_index()];
  const HalfStep half = half_step(exponent);
  half.prepare(inputs, n_threads_, scratch.from_visible);
  team.for_each(half.n_tiles(), [&](int64_t tile) {
    UnitOutput output = tile_output(tile);
    output.means = to.values.data() + tile * to.value_tile_stride;
    half.run(inputs, tile, scratch.from_visible, scratch.tile, output);
  });
}

void DirectedLayer::learn(Team& team, const StatesView& inputs, const StatesView& states,
                          int exponent) {
  const int thread = team.thread_index();
  TrainScratch& scratch = scratch_[thread];
  const HalfStep half = half_step(exponent);
  half.prepare(inputs, n_threads_, scratch.from_visible);
  rule_.begin_minibatch(thread);
  team.for_each(half.n_tiles(),
                [&](int64_t tile) { learn_tile(tile, inputs, states, half, scratch, thread); });
}

/// A panel of weights is moved by what its old ones have foretold, as its biases are.
void DirectedLayer::learn_tile(int64_t tile, const StatesView& inputs, const StatesView& states,
                               const HalfStep& half, TrainScratch& scratch, int thread) {
  UnitOutput output = tile_output(tile);
  output.means_fixed = scratch.means_fixed.data();
  half.run(inputs, tile, scratch.from_visible, scratch.tile, output);
  const HiddenStatistics errors = errors_of(tile, inputs, states, scratch);
  move_biases(state_.hidden, tile, hidden_statistic(kernels_, errors, tile).means(), settings_);
  PanelUpdate update{};
  gradient_.fill(tile, {inputs, errors}, scratch, update);
  rule_.apply(update, tile, half.scale_exponent(), thread);
}

/// In fixed point in place of the means that lie there; beside inputs that are real values as
/// floats.
HiddenStatistics DirectedLayer::errors_of(int64_t tile, const StatesView& inputs,
                                          const StatesView& states, TrainScratch& scratch) const {
  int32_t* fixed = scratch.means_fixed.data();
  if (states.real)
    subtract_from_values(states, tile, fixed);
  else
    subtract_from_bits(states.bits, tile, fixed);
  if (!inputs.real) return {fixed, nullptr, inputs.count, {}};
  float* errors = scratch.tile.means.data();
  for (int64_t n = 0; n < inputs.count * kTileUnits; ++n)
    errors[n] = static_cast<float>(fixed[n]) * (1.0f / kProbabilityOne);
  return {nullptr, errors, inputs.count, {}};
}

}  // namespace udl
