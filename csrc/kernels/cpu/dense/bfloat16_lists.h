#pragma once
// The first layer by lists of the pairs of bfloat16 numbers that are not 0. Two rows, or for
// gradients two units, share a list, of what is not 0 in either: weights or errors that were read
// serve both, and no list ends before the other.
#include <algorithm>
#include <utility>

#include "kernels/cpu/dense/bfloat16.h"
#include "kernels/cpu/dense/lists.h"
#include "kernels/cpu/simd/codes.h"
#include "kernels/cpu/simd/not_zero.h"

namespace udl {
namespace {

#if defined(UDL_HAS_BFLOAT16)

/// Units first .. first + 31 of a row; units that are missing are 0.
UDL_ALWAYS_INLINE f32x16 sixteen_pairs(const UnitRows& rows, int64_t row, int64_t first) {
  constexpr int64_t kUnits = 2 * kTileUnits;
  const float* units = rows.row(row) + first;
  if (first + kUnits <= rows.n_units) return lanes_of(pack(load(units), load(units + kTileUnits)));
  alignas(64) float padded[kUnits] = {};
  for (int64_t k = 0; k < rows.n_units - first; ++k) padded[k] = units[k];
  return lanes_of(pack(load(padded), load(padded + kTileUnits)));
}

int64_t list_pairs(const UnitRows& rows, int64_t n_rows, int64_t first_list,
                   const PixelLists& lists, int64_t entry) {
  const int64_t n_pairs = padded_pairs(rows.n_units);
  for (int64_t r = 0; r < n_rows; r += 2) {
    int32_t* starts = lists.of_row(first_list + r / 2, 0);
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      starts[chunk] = static_cast<int32_t>(entry);
      const int64_t end = std::min(n_pairs, (chunk + 1) * kListedPairs);
      for (int64_t i = chunk * kListedPairs; i < end; i += kTileUnits) {
        const f32x16 next = r + 1 < n_rows ? sixteen_pairs(rows, r + 1, 2 * i) : broadcast(0.0f);
        entry += store_pairs_not_zero(sixteen_pairs(rows, r, 2 * i), next, static_cast<int32_t>(i),
                                      lists.values + 2 * entry, lists.at + entry);
      }
    }
    starts[lists.n_chunks] = static_cast<int32_t>(entry);
  }
  return entry;
}

/// Rows that follow, of which one is chosen.
constexpr int64_t kCandidates = 16;

/// A bit for each pair.
UDL_ALWAYS_INLINE void mask_pairs(const UnitRows& rows, int64_t row, int64_t n_words,
                                  uint64_t* mask) {
  constexpr int64_t kWordPairs = 64;
  const int64_t n_pairs = padded_pairs(rows.n_units);
  for (int64_t w = 0; w < n_words; ++w) {
    uint64_t word = 0;
    for (int64_t k = 0; k < kWordPairs && w * kWordPairs + k < n_pairs; k += kTileUnits) {
      const uint16_t sixteen = not_zero(sixteen_pairs(rows, row, 2 * (w * kWordPairs + k)));
      word |= static_cast<uint64_t>(sixteen) << k;
    }
    mask[w] = word;
  }
}

/// Each row takes the nearest of those that come next and are left.
void order_alike(const UnitRows& rows, int64_t n_rows, uint64_t* masks, int32_t* order) {
  const int64_t n_words = pair_mask_words(rows.n_units);
  for (int64_t r = 0; r < n_rows; ++r) {
    mask_pairs(rows, r, n_words, masks + r * n_words);
    order[r] = static_cast<int32_t>(r);
  }
  for (int64_t r = 0; r + 2 < n_rows; r += 2) {
    const uint64_t* mask = masks + order[r] * n_words;
    int64_t nearest = r + 1;
    int32_t least = INT32_MAX;
    for (int64_t k = r + 1; k < std::min(n_rows, r + 1 + kCandidates); ++k) {
      const int32_t n = row_distance<0>(mask, masks + order[k] * n_words, n_words);
      if (n >= least) continue;
      least = n;
      nearest = k;
    }
    std::swap(order[r + 1], order[nearest]);
  }
}

/// sums[v][p] += the products of value v of the entries of a list, of two, with panels of lanes: of
/// index 0 at `panels`, panels `stride` apart.
template <int kValues, int kPanels>
UDL_ALWAYS_INLINE void add_pair_entries(const PixelLists& lists, const int32_t* starts,
                                        const float* panels, int64_t stride,
                                        f32x16 (&sums)[kValues][kPanels]) {
  for (int32_t n = starts[0]; n < starts[1]; ++n) {
    const float* at = panels + int64_t{lists.at[n]} * kTileUnits;
    bf16x32 values[kValues];
    for (int v = 0; v < kValues; ++v) {
      values[v] = broadcast_pair(lists.values + 2 * n + v);
      keep_in_register(values[v]);
    }
#pragma GCC unroll 8  // as in for_sums
    for (int p = 0; p < kPanels; ++p) {
      bf16x32 lanes = load_pairs(at + p * stride);
      keep_in_register(lanes);
      for (int v = 0; v < kValues; ++v) sums[v][p] = dot_pairs(values[v], lanes, sums[v][p]);
    }
  }
}

/// Rows `first` .. of a list, one or two, over a chunk of it.
template <int kRows, int kPanels>
UDL_NEVER_INLINE void add_listed_pairs(const DenseProduct& product, const PixelLists& lists,
                                       int64_t chunk, int64_t first, int64_t panel,
                                       const float* weights, int64_t stride) {
  float* const first_out = product.out.panel(panel) + first * kTileUnits;
  const int64_t out_stride = product.out.panel_stride;
  const auto out = [=](int r, int p) { return first_out + p * out_stride + r * kTileUnits; };
  f32x16 sums[kRows][kPanels];
  for_sums<kRows, kPanels>([&](int r, int p) { sums[r][p] = broadcast(0.0f); });
  if (chunk > 0) for_sums<kRows, kPanels>([&](int r, int p) { sums[r][p] = load(out(r, p)); });
  add_pair_entries(lists, lists.of_row(first / 2, chunk), weights, stride, sums);
  for_sums<kRows, kPanels>([&](int r, int p) { store(out(r, p), sums[r][p]); });
}

template <int kPanels>
UDL_ALWAYS_INLINE void listed_pair_panels(const DenseProduct& product, const PixelLists& lists,
                                          int64_t panel) {
  const float* weights = upper_halves(product.weights, panel, 0);
  const int64_t stride = product.weights.panel_stride();
  const int64_t end = product.first_row + product.n_rows;
  for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
    int64_t r = product.first_row;
    for (; r + 2 <= end; r += 2)
      add_listed_pairs<2, kPanels>(product, lists, chunk, r, panel, weights, stride);
    if (r < end) add_listed_pairs<1, kPanels>(product, lists, chunk, r, panel, weights, stride);
  }
  for (int p = 0; p < kPanels; ++p)
    finish_rows(product.finish, product.out, panel + p, product.first_row, product.n_rows);
}

void listed_pairs_to_outputs(const DenseProduct& product, const PixelLists& lists) {
  for_even_blocks<kListedPairPanels>(product.n_panels, [&](int64_t first, auto count) {
    listed_pair_panels<decltype(count)::value>(product, lists, product.first_panel + first);
  });
}

// ---- by units, for gradients ----

/// columns[k * kListedRowPairs + b] = unit k in rows 2 b and 2 b + 1 of n_rows, and zeros up to
/// whole sixteens of pairs.
UDL_ALWAYS_INLINE void pair_columns_of(const float* rows, int64_t n_rows, float* columns) {
  alignas(64) float corner[kTileUnits * kTileUnits];
  for (int64_t r = 0; r < n_rows; r += 2 * kTileUnits) {
    for (int64_t k = 0; k < kTileUnits; ++k) {
      const int64_t even = r + 2 * k;
      const float* from = rows + even * kTileUnits;
      const f32x16 of_even = even < n_rows ? load(from) : broadcast(0.0f);
      const f32x16 of_odd = even + 1 < n_rows ? load(from + kTileUnits) : broadcast(0.0f);
      store(corner + k * kTileUnits, zip(of_even, of_odd));
    }
    transpose_corner(corner, columns + r / 2, kListedRowPairs);
  }
}

int64_t list_row_pairs(const ConstUnitPanels& values, int64_t n_rows, int64_t first_panel,
                       int64_t end_panel, const PixelLists& lists, int64_t entry) {
  alignas(64) float columns[kTileUnits * kListedRowPairs];
  for (int64_t panel = first_panel; panel < end_panel; ++panel)
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      const int64_t first = chunk * kListedRowPairs;
      const int64_t n = std::min(2 * kListedRowPairs, n_rows - 2 * first);
      pair_columns_of(values.panel(panel) + 2 * first * kTileUnits, n, columns);
      entry = list_columns({columns, kListedRowPairs, first, divide_up(n, 2)},
                           lists.of_pair(panel * kPanelPairs, chunk), lists, entry);
    }
  return entry;
}

/// Adds the products of a chunk of pairs of rows to the gradient of a pair of units by the outputs
/// of some panels, in order.
template <int kPanels>
UDL_NEVER_INLINE void add_listed_row_pairs(const float* outputs, int64_t output_stride,
                                           const PixelLists& lists, int64_t pair, int64_t chunk,
                                           float* gradient, int64_t stride) {
  const auto sum = [=](int u, int p) { return gradient + p * stride + u * kTileUnits; };
  f32x16 sums[2][kPanels];
  for_sums<2, kPanels>([&](int u, int p) { sums[u][p] = broadcast(0.0f); });
  if (chunk > 0) for_sums<2, kPanels>([&](int u, int p) { sums[u][p] = load(sum(u, p)); });
  add_pair_entries(lists, lists.of_pair(pair, chunk), outputs, output_stride, sums);
  for_sums<2, kPanels>([&](int u, int p) { store(sum(u, p), sums[u][p]); });
}

void listed_weights_by_pairs(const DenseUpdate& update, const PairPanels& outputs,
                             const PixelLists& lists) {
  for_even_blocks<kListedPairPanels>(update.n_panels, [&](int64_t first, auto count) {
    constexpr int kPanels = decltype(count)::value;
    const int64_t panel = update.first_panel + first;
    const float* rows = outputs.by_row + panel * outputs.row_stride;
    listed_update<kPanels>(update, lists.n_chunks, panel,
                           [&](int64_t pair, int64_t chunk, float* gradient, int64_t stride) {
                             add_listed_row_pairs<kPanels>(rows, outputs.row_stride, lists, pair,
                                                           chunk, gradient, stride);
                           });
  });
}

#endif

}  // namespace
}  // namespace udl
