#pragma once
// Sums of active weights in both directions, and the gradient's sums of probabilities over the
// batch. All are table products; they differ only in the integer rows a table is built from.
#include "kernels/cpu/rbm/integer_rows.h"
#include "kernels/cpu/rbm/probability_rows.h"
#include "kernels/cpu/rbm/table_product.h"

namespace udl {
namespace {

template <class WordRows>
void weight_product(const WeightPanelsView& weights, const BitMatrixView& bits, int32_t* scratch,
                    int32_t* sums, WordRows&& word_rows) {
  if (weights.narrow) return table_product<NarrowEntries<true>>(bits, scratch, sums, word_rows);
  table_product<WideEntries>(bits, scratch, sums, word_rows);
}

void hidden_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& visible,
                 int32_t* scratch, int32_t* sums) {
  const float* panel = weights.panel(tile);
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  weight_product(weights, visible, scratch, sums, [&](int64_t first, int32_t*) {
    return HiddenRows{panel + first * kTileUnits, inverse_scale, weights.far};
  });
}

void visible_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& hidden,
                  int32_t* scratch, int32_t* sums) {
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  weight_product(weights, hidden, scratch, sums, [&](int64_t first, int32_t* staging) {
    return VisibleRows{weights, inverse_scale, tile, first, staging, weights.far};
  });
}

void integer_sums(const IntegerPanelView& integers, const BitMatrixView& bits, int32_t* scratch,
                  int32_t* sums) {
  if (integers.narrow)
    return table_product<NarrowEntries<true>>(bits, scratch, sums, [&](int64_t first, int32_t*) {
      return KeptRows<int16_t>{integers.narrow + integer_row(first)};
    });
  table_product<WideEntries>(bits, scratch, sums, [&](int64_t first, int32_t*) {
    return KeptRows<int32_t>{integers.wide + integer_row(first)};
  });
}

void gradient_sums(const BitMatrixView& units, const int32_t* probabilities_fixed,
                   int64_t first_negative, ProbabilityRounding rounding, int32_t* scratch,
                   int32_t* sums) {
  if (rounding.narrow)
    return table_product<NarrowEntries<false>>(units, scratch, sums, [&](int64_t first, int32_t*) {
      return DitheredRows{probabilities_fixed + first * kTileUnits, first, first_negative - first,
                          rounding.first_offset};
    });
  table_product<WideEntries>(units, scratch, sums, [&](int64_t first, int32_t*) {
    return GradientRows{probabilities_fixed + first * kTileUnits, first_negative - first};
  });
}

}  // namespace
}  // namespace udl
