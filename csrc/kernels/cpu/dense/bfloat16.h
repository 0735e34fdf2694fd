#pragma once
// Products of bfloat16 pairs. Towards outputs, the upper halves of weights are read as they lie;
// towards inputs, each task transposes what it multiplies, once for all rows.
#include <algorithm>

#include "kernels/cpu/dense/products.h"
#include "kernels/cpu/dense/update.h"
#include "kernels/cpu/simd/bfloat16.h"
#include "kernels/dense/bfloat16.h"

namespace udl {
namespace {

#if defined(UDL_HAS_BFLOAT16)

constexpr int64_t kPairStrip = 256;  ///< pairs of units that are summed over at a time
static_assert(kPairStrip * kTaskPanels * kTileUnits <= kStripScratch, "strips fit the scratch");

/// Two rows from r on of two panels, or one; what is missing is 0.
UDL_ALWAYS_INLINE void pack_corner(const float* low, const float* high, bool has_next,
                                   float* by_unit, float* by_row, int64_t row_stride) {
  const f32x16 zero = broadcast(0.0f);
  const f32x16 a = load(low), b = high != nullptr ? load(high) : zero;
  const f32x16 c = has_next ? load(low + kTileUnits) : zero;
  const f32x16 d = has_next && high != nullptr ? load(high + kTileUnits) : zero;
  if (by_unit != nullptr) {
    store(by_unit, pack(a, b));
    if (has_next) store(by_unit + kTileUnits, pack(c, d));
  }
  if (by_row == nullptr) return;
  store(by_row, zip(a, c));
  if (high != nullptr) store(by_row + row_stride, zip(b, d));
}

void pack_units(const ConstUnitPanels& values, int64_t first_panel, int64_t n_panels,
                int64_t first_row, int64_t n_rows, const PairPanels& to) {
  const PairPanels pairs = to;  // which nothing that is stored changes
  const int64_t end_panel = first_panel + n_panels, end = first_row + n_rows;
  for (int64_t p = first_panel; p < end_panel; p += 2) {
    const float* low = values.panel(p);
    const float* high = p + 1 < end_panel ? values.panel(p + 1) : nullptr;
    float* by_unit = pairs.by_unit != nullptr ? pairs.by_unit + p / 2 * pairs.unit_stride : nullptr;
    float* by_row = pairs.by_row != nullptr ? pairs.by_row + p * pairs.row_stride : nullptr;
    const auto corner = [&](int64_t r, bool has_next) {
      const int64_t at = r * kTileUnits;
      pack_corner(low + at, high != nullptr ? high + at : nullptr, has_next,
                  by_unit != nullptr ? by_unit + at : nullptr,
                  by_row != nullptr ? by_row + at / 2 : nullptr, pairs.row_stride);
    };
    int64_t r = first_row;
    for (; r + 2 <= end; r += 2) corner(r, true);
    if (r < end) corner(r, false);
  }
}

template <int kStride, int kRows, int kPanels>
UDL_ALWAYS_INLINE void add_outer_pairs(const float* values, const float* rows, int64_t row_stride,
                                       f32x16 (&sums)[kRows][kPanels]) {
  bf16x32 row[kPanels];
#pragma GCC unroll 4  // as in for_sums
  for (int p = 0; p < kPanels; ++p) {
    row[p] = load_pairs(rows + p * row_stride);
    keep_in_register(row[p]);
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    bf16x32 value = broadcast_pair(values + r * kStride);
    keep_in_register(value);
#pragma GCC unroll 4
    for (int p = 0; p < kPanels; ++p) sums[r][p] = dot_pairs(value, row[p], sums[r][p]);
  }
}

/// product_block with pairs: part.count of them.
template <int kRows, int kPanels>
UDL_NEVER_INLINE void pair_block(const ProductPart& part, int64_t first_row) {
  const int64_t at = first_row * kTileUnits;
  float* const first_out = part.out.panel(part.panel) + at;
  const int64_t out_stride = part.out.panel_stride;
  const auto out = [=](int r, int p) { return first_out + p * out_stride + r * kTileUnits; };
  f32x16 sums[kRows][kPanels];
  for_sums<kRows, kPanels>([&](int r, int p) { sums[r][p] = broadcast(0.0f); });
  if (!part.first) for_sums<kRows, kPanels>([&](int r, int p) { sums[r][p] = load(out(r, p)); });
  const float *values = part.values.values + at, *weights = part.weights, *ahead = part.ahead;
  const int64_t stride = part.values.panel_stride;
  int64_t n = part.count;
  int asked = 0;
  for (; n >= kTileUnits; n -= kTileUnits) {
    if (asked < kRows) ask_for_row_behind<kPanels>(part, first_row + asked++);
    if (ahead != nullptr) {
      for (int line = 0; line < 4; ++line) prefetch(ahead + line * kTileUnits);
      ahead += part.ahead_stride;
    }
    // Values of many rows lie outside of a core's caches, some lines here and some there.
    for (int r = 0; r < kRows; ++r) prefetch(values + 2 * stride + r * kTileUnits);
#pragma GCC unroll 4
    for (int k = 0; k < kTileUnits; ++k)
      add_outer_pairs<kTileUnits>(values + k, weights + k * kTileUnits, part.weight_stride, sums);
    values += stride;
    weights += kTileUnits * kTileUnits;
  }
  for (int64_t k = 0; k < n; ++k)
    add_outer_pairs<kTileUnits>(values + k, weights + k * kTileUnits, part.weight_stride, sums);
  for_sums<kRows, kPanels>([&](int r, int p) { store(out(r, p), sums[r][p]); });
  if (part.last)
    for (int p = 0; p < kPanels; ++p)
      finish_rows(part.finish, part.out, part.panel + p, first_row, kRows);
}

/// Upper halves of a panel of weights, of inputs 2 * pair and 2 * pair + 1.
UDL_ALWAYS_INLINE const float* upper_halves(const DenseWeights& w, int64_t panel, int64_t pair) {
  return w.panels + panel * w.panel_stride() + pair * kTileUnits;
}

/// Weights of n outputs from `first` on with the inputs of some panels: pairs of outputs as rows of
/// strips, which are `stride` apart.
UDL_ALWAYS_INLINE void pair_outputs(const DenseWeights& w, int64_t first, int64_t n, int64_t panel,
                                    int64_t count, float* strips, int64_t stride) {
  constexpr int kPairs = kTileUnits / 2;
  alignas(64) float pairs[kTileUnits * kTileUnits];
  const int64_t n_panels = divide_up(w.n_outputs, kTileUnits), panel_stride = w.panel_stride();
  for (int64_t j = 0; j < n; j += 2 * kTileUnits)
    for (int64_t p = 0; p < count; ++p) {
      const int64_t from_panel = (first + j) / kTileUnits;
      const float* low = upper_halves(w, from_panel, (panel + p) * kPairs);
      const bool has_high = from_panel + 1 < n_panels;
      const bool has_next = from_panel + 3 < n_panels && j + 2 * kTileUnits < n;
      for (int m = 0; m < kPairs; ++m, low += kTileUnits) {
        if (has_next) {
          prefetch(low + 2 * panel_stride);
          prefetch(low + 3 * panel_stride);
        }
        const bf16x32 of_low = load_pairs(low);
        const bf16x32 of_high = has_high ? load_pairs(low + panel_stride) : no_pairs();
        store(pairs + 2 * m * kTileUnits, firsts(of_low, of_high));
        store(pairs + (2 * m + 1) * kTileUnits, seconds(of_low, of_high));
      }
      transpose_corner(pairs, strips + p * stride + j / 2 * kTileUnits);
    }
}

void pack_transposed(const DenseWeights& w, int64_t first_panel, int64_t n_panels, float* panels) {
  const int64_t stride = paired_stride(w.n_outputs);
  pair_outputs(w, 0, w.n_outputs, first_panel, n_panels, panels + first_panel * stride, stride);
}

/// The weights that come next, which eight blocks of rows ask for: each for four lines of every 32
/// units that are summed over.
struct WeightsAhead {
  const float* weights;
  int64_t stride;                     ///< from 32 units to the next
  int64_t block_stride, fifth_block;  ///< from a block's to the next one's, and to the fifth's

  const float* of_block(int64_t block) const {
    if (weights == nullptr || block >= 8) return nullptr;
    return weights + block / 4 * fifth_block + block % 4 * block_stride;
  }
};

constexpr int64_t kFourLines = 4 * kTileUnits;

WeightsAhead inputs_ahead(const DenseWeights& w, int64_t first, int64_t n, int64_t panel) {
  return {upper_halves(w, panel, first / 2), kFourLines, n / (2 * kTileUnits) * kFourLines,
          w.panel_stride()};
}
WeightsAhead outputs_ahead(const DenseWeights& w, int64_t first, int64_t panel) {
  return {upper_halves(w, first / kTileUnits, panel * kTileUnits / 2), 2 * w.panel_stride(),
          kFourLines, w.panel_stride()};
}

/// strips_of(first, n, panel, count) are pairs of weights of n units by `count` panels, of n_units
/// by n_panels in all. What is asked for ahead_of(first, n, panel) is as if the next part were as
/// long as this one.
template <class StripsOf, class Ahead>
UDL_ALWAYS_INLINE void pair_product(const DenseProduct& product, const PairPanels& pairs,
                                    int64_t n_units, int64_t n_panels, StripsOf&& strips_of,
                                    Ahead&& ahead_of) {
  for_panel_groups(product.first_panel, product.n_panels, [&](int64_t panel, int64_t count) {
    for_even_parts<2 * kTileUnits>(n_units, 2 * kPairStrip, [&](int64_t i, int64_t n) {
      const PairedWeights strips = strips_of(i, n, panel, count);
      const ConstUnitPanels values{pairs.by_unit + i / (2 * kTileUnits) * pairs.unit_stride,
                                   pairs.unit_stride};
      ProductPart part{values, strips.panels, strips.panel_stride, divide_up(n, 2), product.out,
                       panel,  i == 0,        i + n == n_units,    product.finish,  nullptr,
                       0};
      const int64_t next_panel = part.last ? panel + count : panel;
      WeightsAhead ahead{};
      if (next_panel < n_panels) ahead = ahead_of(part.last ? 0 : i + n, n, next_panel);
      part.ahead_stride = ahead.stride;
      int64_t block = 0;
      for_even_blocks<kBlockRows>(product.n_rows, [&](int64_t first, auto height) {
        constexpr int kRows = decltype(height)::value;
        part.ahead = ahead.of_block(block++);
        if (count == 2)
          pair_block<kRows, 2>(part, product.first_row + first);
        else
          pair_block<kRows, 1>(part, product.first_row + first);
      });
    });
  });
}

void pairs_to_outputs(const DenseProduct& product, const PairPanels& values) {
  const DenseWeights& w = product.weights;
  pair_product(
      product, values, w.n_inputs, divide_up(w.n_outputs, kTileUnits),
      [&](int64_t i, int64_t, int64_t panel, int64_t) {
        return PairedWeights{upper_halves(w, panel, i / 2), w.panel_stride()};
      },
      [&](int64_t i, int64_t n, int64_t panel) { return inputs_ahead(w, i, n, panel); });
}

void pairs_to_inputs(const DenseProduct& product, const PairPanels& values) {
  const DenseWeights& w = product.weights;
  const PairedWeights& paired = product.paired;
  const bool is_packed = paired.panels != nullptr;
  pair_product(
      product, values, w.n_outputs, divide_up(w.n_inputs, kTileUnits),
      [&](int64_t j, int64_t n, int64_t panel, int64_t count) {
        if (is_packed)
          return PairedWeights{paired.panels + panel * paired.panel_stride + j / 2 * kTileUnits,
                               paired.panel_stride};
        constexpr int64_t kStride = kPairStrip * kTileUnits;
        pair_outputs(w, j, n, panel, count, product.scratch, kStride);
        return PairedWeights{product.scratch, kStride};
      },
      [&](int64_t j, int64_t, int64_t panel) {
        return is_packed ? WeightsAhead{} : outputs_ahead(w, j, panel);
      });
}

/// gradient[p][u] of units `unit` .. of panels `panel` .. over all pairs of rows and terms.
template <int kUnits, int kPanels>
UDL_NEVER_INLINE void pair_gradient(const DenseUpdate& update, const PairTerm* terms, int64_t unit,
                                    int64_t panel, float* gradient) {
  f32x16 sums[kUnits][kPanels];
  for_sums<kUnits, kPanels>([&](int u, int p) { sums[u][p] = broadcast(0.0f); });
  for (int64_t t = 0; t < update.n_terms; ++t) {
    const PairPanels &in = terms[t].inputs, &out = terms[t].outputs;
    const float* inputs = in.by_row + unit / kTileUnits * in.row_stride + unit % kTileUnits;
    const float* outputs = out.by_row + panel * out.row_stride;
    int64_t n = divide_up(update.n_rows, 2);
    for (int u = 0; n >= 4; n -= 4) {
      if (u < kUnits) {
        for (int p = 0; p < kPanels; ++p) ask_for_row(update, panel + p, unit + 2 * kUnits + u);
        ++u;
      }
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k)
        add_outer_pairs<1>(inputs + k * kTileUnits, outputs + k * kTileUnits, out.row_stride, sums);
      inputs += 4 * kTileUnits;
      outputs += 4 * kTileUnits;
    }
    for (; n > 0; --n) {
      add_outer_pairs<1>(inputs, outputs, out.row_stride, sums);
      inputs += kTileUnits;
      outputs += kTileUnits;
    }
  }
  for_sums<kUnits, kPanels>(
      [&](int u, int p) { store(gradient + (p * kUnits + u) * kTileUnits, sums[u][p]); });
}

template <int kPanels>
UDL_ALWAYS_INLINE void update_pairs(const DenseUpdate& update, const PairTerm* terms, int64_t unit,
                                    int64_t count, int64_t panel) {
  for_even_blocks<kGradientUnits / 2>(divide_up(count, 2), [&](int64_t pair, auto height) {
    constexpr int kUnits = 2 * decltype(height)::value;
    const int64_t first = 2 * pair;
    alignas(64) float gradient[kPanels * kUnits * kTileUnits];
    pair_gradient<kUnits, kPanels>(update, terms, unit + first, panel, gradient);
    for (int p = 0; p < kPanels; ++p)
      take_step(update.step, true,
                step_rows_of(update, panel + p, unit + first, gradient + p * kUnits * kTileUnits,
                             kUnits));
  });
}

void update_weights_by_pairs(const DenseUpdate& update, const PairTerm* terms) {
  const int64_t end = update.first_panel + update.n_panels;
  for (int64_t unit = update.first_unit; unit < update.end_unit; unit += kTileUnits) {
    const int64_t count = std::min<int64_t>(kTileUnits, update.end_unit - unit);
    int64_t panel = update.first_panel;
    for (; panel + 2 <= end; panel += 2) update_pairs<2>(update, terms, unit, count, panel);
    if (panel < end) update_pairs<1>(update, terms, unit, count, panel);
  }
}

#endif

}  // namespace
}  // namespace udl
