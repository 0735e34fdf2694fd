#pragma once
// The first layer by lists of the inputs that are not 0.
#include <algorithm>

#include "kernels/cpu/dense/activations.h"
#include "kernels/cpu/dense/update.h"
#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/lists.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
constexpr int kListedBlock = kListedPanels;
#else
constexpr int kListedBlock = kListedPanels / 2;  // two registers a panel
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

int64_t list_by_unit(const ConstUnitPanels& values, int64_t n_rows, int64_t first_panel,
                     int64_t end_panel, const PixelLists& lists, int64_t entry) {
  alignas(64) float columns[kTileUnits * kListedRows];
  for (int64_t panel = first_panel; panel < end_panel; ++panel)
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      const int64_t first = chunk * kListedRows, n = std::min(kListedRows, n_rows - first);
      columns_of(values.panel(panel) + first * kTileUnits, n, columns);
      int32_t* starts = lists.of_unit(panel * kTileUnits, chunk);
      for (int64_t k = 0; k < kTileUnits; ++k) {
        starts[k] = static_cast<int32_t>(entry);
        for (int64_t r = 0; r < n; r += kTileUnits)
          entry = list_sixteen(columns + k * kListedRows + r, first + r, lists, entry);
      }
      starts[kTileUnits] = static_cast<int32_t>(entry);
    }
  return entry;
}

/// sums[p] += the products of the list that starts at starts[0], in order.
template <int kPanels>
UDL_ALWAYS_INLINE void add_list(const PixelLists& lists, const int32_t* starts, const float* rows,
                                int64_t panel_stride, f32x16 (&sums)[kPanels]) {
  for (int32_t n = starts[0]; n < starts[1]; ++n) {
    const float* row = rows + int64_t{lists.at[n]} * kTileUnits;
    const f32x16 value = broadcast(lists.values[n]);
    for (int p = 0; p < kPanels; ++p)
      sums[p] = multiply_add(value, load(row + p * panel_stride), sums[p]);
  }
}

template <int kPanels>
UDL_ALWAYS_INLINE void listed_panels(const DenseProduct& product, const PixelLists& lists,
                                     int64_t panel) {
  const int64_t stride = product.weights.panel_stride();
  const float* weights = product.weights.panels + panel * stride;
  const int64_t end = product.first_row + product.n_rows;
  for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk)
    for (int64_t r = product.first_row; r < end; ++r) {
      f32x16 sums[kPanels];
      for (int p = 0; p < kPanels; ++p)
        sums[p] = chunk > 0 ? load(product.out.panel(panel + p) + r * kTileUnits) : broadcast(0.0f);
      add_list(lists, lists.of_row(r, chunk), weights, stride, sums);
      for (int p = 0; p < kPanels; ++p)
        store(product.out.panel(panel + p) + r * kTileUnits, sums[p]);
    }
  for (int p = 0; p < kPanels; ++p)
    finish_rows(product.finish, product.out, panel + p, product.first_row, product.n_rows);
}

void listed_to_outputs(const DenseProduct& product, const PixelLists& lists) {
  int64_t panel = product.first_panel;
  const int64_t end = panel + product.n_panels;
  for (; panel + kListedBlock <= end; panel += kListedBlock)
    listed_panels<kListedBlock>(product, lists, panel);
  for (; panel < end; ++panel) listed_panels<1>(product, lists, panel);
}

/// The gradient of a unit by the outputs of some panels. Blocks of kGradientRows rows are sums by
/// themselves, as in gradient_block; chunks of one block go on with the sum of the last chunk,
/// which waits in registers: all of a list is taken at once.
template <int kPanels>
UDL_ALWAYS_INLINE void listed_gradient(const ConstUnitPanels& outputs, const PixelLists& lists,
                                       int64_t unit, int64_t panel, f32x16 (&total)[kPanels]) {
  constexpr int64_t kChunks = kGradientRows / kListedRows;
  for (int p = 0; p < kPanels; ++p) total[p] = broadcast(0.0f);
  for (int64_t block = 0; block < lists.n_chunks; block += kChunks) {
    f32x16 sums[kPanels];
    for (int p = 0; p < kPanels; ++p) sums[p] = broadcast(0.0f);
    for (int64_t chunk = block; chunk < std::min(lists.n_chunks, block + kChunks); ++chunk)
      add_list(lists, lists.of_unit(unit, chunk), outputs.panel(panel), outputs.panel_stride, sums);
    for (int p = 0; p < kPanels; ++p) total[p] = block > 0 ? total[p] + sums[p] : sums[p];
  }
}

/// Parameters are asked for while the gradients of 16 units are summed, which then all take their
/// step.
template <int kPanels>
UDL_ALWAYS_INLINE void listed_update(const DenseUpdate& update, const PixelLists& lists,
                                     int64_t panel) {
  alignas(64) float gradient[kPanels][kTileUnits * kTileUnits];
  for (int64_t first = update.first_unit; first < update.end_unit; first += kTileUnits) {
    const int64_t n = std::min<int64_t>(kTileUnits, update.end_unit - first);
    for (int64_t k = 0; k < n; ++k) {
      for (int p = 0; p < kPanels; ++p) ask_for_row(update, panel + p, first + k);
      f32x16 total[kPanels];
      listed_gradient(update.terms[0].outputs, lists, first + k, panel, total);
      for (int p = 0; p < kPanels; ++p) store(gradient[p] + k * kTileUnits, total[p]);
    }
    for (int p = 0; p < kPanels; ++p)
      take_step(update.step, true, step_rows_of(update, panel + p, first, gradient[p], n));
  }
}

void listed_weights(const DenseUpdate& update, const PixelLists& lists) {
  int64_t panel = update.first_panel;
  const int64_t end = panel + update.n_panels;
  for (; panel + kListedBlock <= end; panel += kListedBlock)
    listed_update<kListedBlock>(update, lists, panel);
  for (; panel < end; ++panel) listed_update<1>(update, lists, panel);
}

}  // namespace
}  // namespace udl
