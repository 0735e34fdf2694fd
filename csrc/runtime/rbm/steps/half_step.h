#pragma once
// Half a Gibbs step: one layer given the other, tile by tile. Training and sampling share it.
//
// Its functions are called for every tile of a small minibatch, some hundred nanoseconds each: they
// are inline.
#include <algorithm>
#include <cstdint>

#include "base/fixed.h"
#include "kernels/rbm.h"
#include "runtime/dispatch/target.h"
#include "runtime/rbm/model/integer_weights.h"
#include "runtime/rbm/model/layer_states.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/steps/products/bit_product.h"
#include "runtime/rbm/steps/products/integer_panels.h"
#include "runtime/rbm/steps/products/visible_sums.h"

namespace udl {

/// Room of one thread for tiles of up to `rows` rows, and for integer sums of `sum_rows`.
struct TileScratch {
  explicit TileScratch(int64_t rows) : TileScratch(rows, rows) {}
  TileScratch(int64_t rows, int64_t sum_rows)
      : sums(round_up(sum_rows, 4) * kTileUnits),
        float_sums(round_up(rows, 4) * kTileUnits),
        means(round_up(rows, 4) * kTileUnits) {}

  Buffer<int32_t> tables{kTableScratch};
  Buffer<int32_t> sums;
  Buffer<float> float_sums, means;
  Buffer<float> weight_pairs;  ///< of PairedStates::hidden_sums, where states are paired
};

class HalfStep {
 public:
  /// With weights that do not change, whose integers of this direction may be kept.
  HalfStep(const RbmState& state, Direction direction, const IntegerPanels& kept)
      : HalfStep(state, direction, state.scale_exponent) {
    if (kept.are_kept()) kept_ = &kept;
  }
  /// At a scale of the weights. What training keeps beside the weights serves where it is given:
  /// their integers on the way up, sums split by thread on the way down.
  HalfStep(const RbmState& state, Direction direction, int scale_exponent,
           IntegerWeights* integers = nullptr, const VisibleSums* visible_sums = nullptr)
      : state_(state),
        kernels_(rbm_kernels()),
        direction_(direction),
        exponent_(scale_exponent),
        integers_(integers),
        visible_sums_(visible_sums) {}

  int scale_exponent() const { return exponent_; }
  const Layer& to() const { return to_hidden() ? state_.hidden : state_.visible; }
  const Layer& from() const { return to_hidden() ? state_.visible : state_.hidden; }
  int64_t n_tiles() const { return to().n_tiles(); }
  /// Whether states may be sparse rows.
  bool takes_sparse() const { return to_hidden() && (takes_bits() || from().counts_words()); }
  /// Whether states may be bits: of units that are real numbers values are read, times
  /// from().factors().
  bool takes_bits() const { return has_bits(from().kind); }

  /// Before a thread's first tile from these states, which must stay as they are until its last.
  void prepare(const StatesView& from, int n_threads, BitProduct& product) const {
    if (!from.real && !from.is_sparse())
      product.prepare(from.bits, divide_up(n_tiles(), n_threads), kept_ != nullptr);
  }

  /// Sums of one tile, which lie in `scratch`, and how they become pre-activations.
  UnitInput input(const StatesView& from, int64_t tile, BitProduct& product,
                  TileScratch& scratch) const {
    const float *bias = to().bias.tile(tile), *deviation = to().deviation_tile(tile);
    if (from.real) {
      float_sums(from, tile, scratch);
      if (from.lengths != nullptr) add_biases(from, bias, tile, scratch.float_sums.data());
      return {nullptr, scratch.float_sums.data(), 1.0f, bias, from.count, deviation};
    }
    if (from.is_sparse())
      kernels_.sparse.hidden_sums(state_.panels_at(exponent_), tile, from.sparse,
                                  scratch.sums.data());
    else
      integer_sums(from, tile, product, scratch.sums.data());
    return {scratch.sums.data(), nullptr, power_of_two(exponent_), bias, from.count, deviation};
  }

  void activate(const UnitInput& input, const UnitOutput& output) const {
    kernels_.unit(to().kind).activate(input, output);
  }

  /// What the units of a tile add to minus the free energies (kernels/rbm/units.h).
  void log_terms(const UnitInput& input, const UnitTerms& terms) const {
    kernels_.unit(to().kind).log_terms(input, terms);
  }

  /// log_terms of both inputs, which have the same sums, and the samples of the second.
  void log_terms_and_samples(const UnitInput& before, const UnitInput& now,
                             const UnitTerms& terms_before, const UnitTerms& terms_now,
                             const UnitOutput& output) const {
    const UnitKernels& unit = kernels_.unit(to().kind);
    if (unit.log_terms_and_samples)
      return unit.log_terms_and_samples(before, now, terms_before, terms_now, output);
    unit.log_terms(before, terms_before);
    unit.log_terms(now, terms_now);
    unit.activate(now, output);
  }

  /// Input and activation at once.
  void run(const StatesView& from, int64_t tile, BitProduct& product, TileScratch& scratch,
           const UnitOutput& output) const {
    activate(input(from, tile, product, scratch), output);
  }

 private:
  bool to_hidden() const { return direction_ == Direction::to_hidden; }

  void float_sums(const StatesView& from, int64_t tile, TileScratch& scratch) const {
    float* sums = scratch.float_sums.data();
    if (from.paired != nullptr)
      return from.paired->hidden_sums(state_.panels_at(exponent_), tile, from.count,
                                      scratch.weight_pairs.data(), sums);
    if (from.is_sparse())
      return kernels_.sparse.value_hidden_sums(state_.panels_at(exponent_), tile, from.sparse,
                                               sums);
    const auto product =
        to_hidden() ? kernels_.products.dense_hidden_sums : kernels_.products.dense_visible_sums;
    product(state_.panels_at(exponent_), tile, from.real_rows(), sums);
  }

  /// Hidden biases count once a word; once they are added to any row.
  void add_biases(const StatesView& from, const float* bias, int64_t tile, float* sums) const {
    const int64_t n_units = tile_units(to(), tile);
    for (int64_t r = 0; r < from.count; ++r)
      for (int64_t k = 0; k < n_units; ++k)
        sums[r * kTileUnits + k] += (from.lengths[r] - 1) * bias[k];
  }

  void integer_sums(const StatesView& from, int64_t tile, BitProduct& product,
                    int32_t* sums) const {
    if (kept_ != nullptr) return product.integer_sums(kept_->panel(tile), sums);
    if (visible_sums_ != nullptr)
      return visible_sums_->tile(tile, from.count, exponent_, product, sums);
    const WeightPanelsView weights = state_.panels_at(exponent_);
    if (to_hidden())
      product.hidden_sums(weights, tile, sums, integers_ ? integers_->panel(tile) : nullptr);
    else
      product.visible_sums(weights, tile, sums);
  }

  const RbmState& state_;
  const RbmKernels& kernels_;
  Direction direction_;
  int exponent_;
  IntegerWeights* integers_;
  const VisibleSums* visible_sums_;
  const IntegerPanels* kept_ = nullptr;
};

/// Of a tile, with nothing wanted yet.
inline UnitOutput tile_output(int64_t tile) {
  UnitOutput output{};
  output.tile = tile;
  return output;
}

/// Where a tile's samples go, and the draws they take.
inline UnitOutput sample_output(const StatesRoom& to, int64_t tile, const DrawKey& draws,
                                uint32_t first_chain = 0) {
  UnitOutput output = tile_output(tile);
  if (to.values == nullptr) {
    output.sample_words = to.bits.word_column(tile / kTilesPerWord);
  } else {
    output.samples = to.values + tile * to.value_tile_stride;
    output.sample_stride = to.value_stride;
    output.factors = to.factors != nullptr ? to.factors + tile * kTileUnits : nullptr;
  }
  output.draw_key = draws;
  output.first_chain = first_chain;
  return output;
}

/// Writes a tile's means into a row-major matrix, as far as it has units.
inline void copy_means(const float* means, int64_t rows, int64_t tile, int64_t n_units, float* to,
                       int64_t stride) {
  const int64_t first = tile * kTileUnits, count = std::min<int64_t>(kTileUnits, n_units - first);
  for (int64_t r = 0; r < rows; ++r)
    std::copy_n(means + r * kTileUnits, count, to + r * stride + first);
}

}  // namespace udl
