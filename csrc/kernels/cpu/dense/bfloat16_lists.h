#pragma once
// The first layer by lists of the pairs of bfloat16 numbers that are not 0. Two rows share a list,
// of what is not 0 in either: weights that were read serve both, and no row's list ends before the
// other's.
#include <algorithm>

#include "kernels/cpu/dense/bfloat16.h"
#include "kernels/cpu/simd/not_zero.h"

namespace udl {
namespace {

#if defined(UDL_HAS_BFLOAT16)

int64_t list_pairs(const ConstUnitPanels& pairs, int64_t n_pairs, int64_t first_row,
                   int64_t end_row, const PixelLists& lists, int64_t entry) {
  for (int64_t r = first_row; r < end_row; r += 2) {
    int32_t* starts = lists.of_row(r / 2, 0);
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      starts[chunk] = static_cast<int32_t>(entry);
      const int64_t end = std::min(n_pairs, (chunk + 1) * kListedPairs);
      for (int64_t i = chunk * kListedPairs; i < end; i += kTileUnits) {
        const float* row = pairs.panel(i / kTileUnits) + r * kTileUnits;
        const f32x16 next = r + 1 < end_row ? load(row + kTileUnits) : broadcast(0.0f);
        entry += store_pairs_not_zero(load(row), next, static_cast<int32_t>(i),
                                      lists.values + 2 * entry, lists.at + entry);
      }
    }
    starts[lists.n_chunks] = static_cast<int32_t>(entry);
  }
  return entry;
}

/// sums[r][p] += the products of a list with rows of weights, which begin with index 0.
template <int kRows, int kPanels>
UDL_ALWAYS_INLINE void add_pair_entries(const PixelLists& lists, const int32_t* starts,
                                        const float* weights, int64_t stride,
                                        f32x16 (&sums)[kRows][kPanels]) {
  for (int32_t n = starts[0]; n < starts[1]; ++n) {
    const float* row = weights + int64_t{lists.at[n]} * kTileUnits;
    bf16x32 values[kRows];
    for (int r = 0; r < kRows; ++r) {
      values[r] = broadcast_pair(lists.values + 2 * n + r);
      keep_in_register(values[r]);
    }
#pragma GCC unroll 8  // as in for_sums
    for (int p = 0; p < kPanels; ++p) {
      bf16x32 weight = load_pairs(row + p * stride);
      keep_in_register(weight);
      for (int r = 0; r < kRows; ++r) sums[r][p] = dot_pairs(values[r], weight, sums[r][p]);
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

#endif

}  // namespace
}  // namespace udl
