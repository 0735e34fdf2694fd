#pragma once
// The first layer by lists of the inputs that are not 0.
#include <algorithm>

#include "kernels/cpu/dense/activations.h"
#include "kernels/cpu/dense/update.h"
#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/not_zero.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/lists.h"

namespace udl {
namespace {

/// What is summed side by side, so that few additions wait for those before them: panels of one
/// row, rows, and panels of a pair of units.
#if defined(UDL_TARGET_AVX512)
constexpr int kListedBlock = kListedPanels;
constexpr int kRowsTogether = 2;
constexpr int kPairBlock = kListedPanels;
#elif defined(UDL_TARGET_AVX2)
constexpr int kListedBlock = kListedPanels;  // eight sums, which wait for nothing
constexpr int kRowsTogether = 1;
constexpr int kPairBlock = 3;  // twelve sums
#else
constexpr int kListedBlock = kListedPanels / 2;  // four registers a panel
constexpr int kRowsTogether = 1;
constexpr int kPairBlock = 1;
#endif

/// Lists those of 16 values that are not 0, NaN among them, which stand for the indices from
/// `first` on. 16 entries are written.
UDL_ALWAYS_INLINE int64_t list_sixteen(const float* values, int64_t first, const PixelLists& lists,
                                       int64_t entry) {
  return entry + store_not_zero(load(values), static_cast<int32_t>(first), lists.values + entry,
                                lists.at + entry);
}

int64_t list_by_row(const ConstUnitPanels& values, int64_t n_units, int64_t first_row,
                    int64_t end_row, const PixelLists& lists, int64_t entry) {
  for (int64_t r = first_row; r < end_row; ++r) {
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      *lists.of_row(r, chunk) = static_cast<int32_t>(entry);
      const int64_t end = std::min(n_units, (chunk + 1) * kListedUnits);
      for (int64_t i = chunk * kListedUnits; i < end; i += kTileUnits)
        entry = list_sixteen(values.panel(i / kTileUnits) + r * kTileUnits, i, lists, entry);
    }
    *lists.of_row(r, lists.n_chunks) = static_cast<int32_t>(entry);
  }
  return entry;
}

/// columns[k * kListedRows + r] = values[r][k] of n <= kListedRows rows, and zeros up to whole
/// sixteens of rows.
UDL_ALWAYS_INLINE void columns_of(const float* rows, int64_t n, float* columns) {
  int64_t r = 0;
  for (; r + kTileUnits <= n; r += kTileUnits)
    transpose_corner(rows + r * kTileUnits, columns + r, kListedRows);
  for (int64_t k = 0; k < kTileUnits && r < n; ++k)
    for (int64_t i = r; i < round_up(n, kTileUnits); ++i)
      columns[k * kListedRows + i] = i < n ? rows[i * kTileUnits + k] : 0.0f;
}

/// Values of a panel, unit by unit, `stride` apart: n of each, which stand for indices from `first`
/// on. Zeros up to whole sixteens.
struct PanelColumns {
  const float* values;
  int64_t stride, first, n;
};

/// Lists of its pairs of units, which begin at starts[0] ..; the entry after the last.
UDL_ALWAYS_INLINE int64_t list_columns(const PanelColumns& columns, int32_t* starts,
                                       const PixelLists& lists, int64_t entry) {
  for (int64_t k = 0; k < kPanelPairs; ++k) {
    starts[k] = static_cast<int32_t>(entry);
    const float *even = columns.values + 2 * k * columns.stride, *odd = even + columns.stride;
    for (int64_t r = 0; r < columns.n; r += kTileUnits)
      entry += store_pairs_not_zero(load(even + r), load(odd + r),
                                    static_cast<int32_t>(columns.first + r),
                                    lists.values + 2 * entry, lists.at + entry);
  }
  starts[kPanelPairs] = static_cast<int32_t>(entry);
  return entry;
}

int64_t list_by_pair(const ConstUnitPanels& values, int64_t n_rows, int64_t first_panel,
                     int64_t end_panel, const PixelLists& lists, int64_t entry) {
  alignas(64) float columns[kTileUnits * kListedRows];
  for (int64_t panel = first_panel; panel < end_panel; ++panel)
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      const int64_t first = chunk * kListedRows, n = std::min(kListedRows, n_rows - first);
      columns_of(values.panel(panel) + first * kTileUnits, n, columns);
      entry = list_columns({columns, kListedRows, first, n},
                           lists.of_pair(panel * kPanelPairs, chunk), lists, entry);
    }
  return entry;
}

/// Entries first .. end - 1 of lists.
struct ListPart {
  int32_t first, end;

  int32_t size() const { return end - first; }
};

/// sums[p] += the products of entry n.
template <int kPanels>
UDL_ALWAYS_INLINE void add_entry(const PixelLists& lists, int32_t n, const float* rows,
                                 int64_t panel_stride, f32x16 (&sums)[kPanels]) {
  const float* row = rows + int64_t{lists.at[n]} * kTileUnits;
  const f32x16 value = broadcast(lists.values[n]);
  for (int p = 0; p < kPanels; ++p)
    sums[p] = multiply_add(value, load(row + p * panel_stride), sums[p]);
}

/// sums[r][p] += the products of a list for each of kRows rows, in order.
template <int kRows, int kPanels>
UDL_ALWAYS_INLINE void add_lists(const PixelLists& lists, const ListPart (&parts)[kRows],
                                 const float* rows, int64_t panel_stride,
                                 f32x16 (&sums)[kRows][kPanels]) {
  int32_t n_shared = parts[0].size();
  for (const ListPart& part : parts) n_shared = std::min(n_shared, part.size());
  for (int32_t i = 0; i < n_shared; ++i)
    for (int r = 0; r < kRows; ++r)
      add_entry(lists, parts[r].first + i, rows, panel_stride, sums[r]);
#pragma GCC unroll 4  // else sums would lie in memory
  for (int r = 0; r < kRows; ++r)
    for (int32_t n = parts[r].first + n_shared; n < parts[r].end; ++n)
      add_entry(lists, n, rows, panel_stride, sums[r]);
}

/// Rows first .. first + kRows - 1 of a chunk of their lists.
template <int kRows, int kPanels>
UDL_ALWAYS_INLINE void add_listed_block(const DenseProduct& product, const PixelLists& lists,
                                        int64_t chunk, int64_t first, int64_t panel) {
  const DenseWeights& w = product.weights;
  const int64_t stride = w.panel_stride();
  f32x16 sums[kRows][kPanels];
  ListPart parts[kRows];
  for (int r = 0; r < kRows; ++r) {
    const int32_t* starts = lists.of_row(first + r, chunk);
    parts[r] = {starts[0], starts[1]};
    for (int p = 0; p < kPanels; ++p)
      sums[r][p] = chunk > 0 ? load(product.out.panel(panel + p) + (first + r) * kTileUnits)
                             : broadcast(0.0f);
  }
  add_lists(lists, parts, w.panels + panel * stride, stride, sums);
  for (int r = 0; r < kRows; ++r)
    for (int p = 0; p < kPanels; ++p)
      store(product.out.panel(panel + p) + (first + r) * kTileUnits, sums[r][p]);
}

template <int kPanels>
UDL_ALWAYS_INLINE void listed_panels(const DenseProduct& product, const PixelLists& lists,
                                     int64_t panel) {
  const int64_t end = product.first_row + product.n_rows;
  for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
    int64_t r = product.first_row;
    for (; r + kRowsTogether <= end; r += kRowsTogether)
      add_listed_block<kRowsTogether, kPanels>(product, lists, chunk, r, panel);
    for (; r < end; ++r) add_listed_block<1, kPanels>(product, lists, chunk, r, panel);
  }
  for (int p = 0; p < kPanels; ++p)
    finish_rows(product.finish, product.out, panel + p, product.first_row, product.n_rows);
}

void listed_to_outputs(const DenseProduct& product, const PixelLists& lists) {
  for_even_blocks<kListedBlock>(product.n_panels, [&](int64_t first, auto count) {
    listed_panels<decltype(count)::value>(product, lists, product.first_panel + first);
  });
}

/// sums[u][p] += the products of a list of a pair of units, in order.
template <int kPanels>
UDL_ALWAYS_INLINE void add_pair_list(const PixelLists& lists, const int32_t* starts,
                                     const float* rows, int64_t panel_stride,
                                     f32x16 (&sums)[2][kPanels]) {
  for (int32_t n = starts[0]; n < starts[1]; ++n) {
    const float* row = rows + int64_t{lists.at[n]} * kTileUnits;
    const f32x16 even = broadcast_in_register(lists.values[2 * n]);
    const f32x16 odd = broadcast_in_register(lists.values[2 * n + 1]);
    for (int p = 0; p < kPanels; ++p) {
      f32x16 errors = load(row + p * panel_stride);
      keep_in_register(errors);
      sums[0][p] = multiply_add(even, errors, sums[0][p]);
      sums[1][p] = multiply_add(odd, errors, sums[1][p]);
    }
  }
}

/// Adds the products of a chunk of rows to the gradient of a pair of units by the outputs of some
/// panels.
template <int kPanels>
UDL_ALWAYS_INLINE void add_listed_rows(const ConstUnitPanels& outputs, const PixelLists& lists,
                                       int64_t pair, int64_t chunk, int64_t panel, float* gradient,
                                       int64_t stride) {
  f32x16 sums[2][kPanels];
  for (int u = 0; u < 2; ++u)
    for (int p = 0; p < kPanels; ++p) sums[u][p] = broadcast(0.0f);
  add_pair_list(lists, lists.of_pair(pair, chunk), outputs.panel(panel), outputs.panel_stride,
                sums);
  for (int u = 0; u < 2; ++u)
    for (int p = 0; p < kPanels; ++p) {
      float* sum = gradient + p * stride + u * kTileUnits;
      store(sum, chunk > 0 ? load(sum) + sums[u][p] : sums[u][p]);
    }
}

/// Of a chunk of rows many units are summed before the next chunk: what they read of errors stays
/// near. Where there is one chunk, few: so do the parameters that were asked for, kAhead units
/// before they take their step. add_rows(pair, chunk, gradient, stride) adds the products of a
/// chunk to the gradient of a pair of units by kPanels panels, `stride` apart.
template <int kPanels, class AddRows>
UDL_ALWAYS_INLINE void listed_update(const DenseUpdate& update, int64_t n_chunks, int64_t panel,
                                     AddRows&& add_rows) {
  constexpr int64_t kMostUnits = 128, kStride = kMostUnits * kTileUnits, kAhead = 32;
  alignas(64) float gradient[kPanels * kStride];
  const int64_t n_together = n_chunks == 1 ? kTileUnits : kMostUnits;
  for (int64_t first = update.first_unit; first < update.end_unit; first += n_together) {
    const int64_t n = std::min(n_together, update.end_unit - first);
    for (int64_t chunk = 0; chunk < n_chunks; ++chunk)
      for (int64_t k = 0; k < n; k += 2) {
        if (chunk + 1 == n_chunks)
          for (int p = 0; p < kPanels; ++p) {
            ask_for_row(update, panel + p, first + k + kAhead);
            ask_for_row(update, panel + p, first + k + 1 + kAhead);
          }
        add_rows((first + k) / 2, chunk, gradient + k * kTileUnits, kStride);
      }
    for (int p = 0; p < kPanels; ++p)
      take_step(update.step, true,
                step_rows_of(update, panel + p, first, gradient + p * kStride, n));
  }
}

void listed_weights(const DenseUpdate& update, const PixelLists& lists) {
  for_even_blocks<kPairBlock>(update.n_panels, [&](int64_t first, auto count) {
    constexpr int kPanels = decltype(count)::value;
    const int64_t panel = update.first_panel + first;
    listed_update<kPanels>(update, lists.n_chunks, panel,
                           [&](int64_t pair, int64_t chunk, float* gradient, int64_t stride) {
                             add_listed_rows<kPanels>(update.terms[0].outputs, lists, pair, chunk,
                                                      panel, gradient, stride);
                           });
  });
}

}  // namespace
}  // namespace udl
