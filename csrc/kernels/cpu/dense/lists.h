#pragma once
// The first layer by lists of the inputs that are not 0.
#include <algorithm>

#include "kernels/cpu/dense/activations.h"
#include "kernels/cpu/dense/update.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/lists.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
constexpr int kListedPanels = 4;
#else
constexpr int kListedPanels = 2;
#endif

/// Entries of 16 values that are not 0, which stand for the indices from `first` on.
UDL_ALWAYS_INLINE int64_t list_sixteen(const float* values, int64_t count, int64_t first,
                                       const PixelLists& lists, int64_t entry) {
  for (int64_t k = 0; k < count; ++k) {
    lists.at[entry] = static_cast<int32_t>(first + k);
    lists.values[entry] = values[k];
    entry += values[k] != 0.0f ? 1 : 0;  // NaN stays
  }
  return entry;
}

int64_t list_by_row(const ConstUnitPanels& values, int64_t n_units, int64_t first_row,
                    int64_t end_row, const PixelLists& lists, int64_t entry) {
  for (int64_t r = first_row; r < end_row; ++r) {
    int32_t* starts = lists.starts + r * (lists.n_chunks + 1);
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      *starts++ = static_cast<int32_t>(entry);
      const int64_t end = std::min(n_units, (chunk + 1) * kListedUnits);
      for (int64_t i = chunk * kListedUnits; i < end; i += kTileUnits)
        entry = list_sixteen(values.panel(i / kTileUnits) + r * kTileUnits,
                             std::min<int64_t>(kTileUnits, end - i), i, lists, entry);
    }
    *starts = static_cast<int32_t>(entry);
  }
  return entry;
}

int64_t list_by_unit(const ConstUnitPanels& values, int64_t n_rows, int64_t first_panel,
                     int64_t end_panel, const PixelLists& lists, int64_t entry) {
  for (int64_t unit = first_panel * kTileUnits; unit < end_panel * kTileUnits; ++unit) {
    int32_t* starts = lists.starts + unit * (lists.n_chunks + 1);
    const float* column = values.panel(unit / kTileUnits) + unit % kTileUnits;
    for (int64_t chunk = 0; chunk < lists.n_chunks; ++chunk) {
      *starts++ = static_cast<int32_t>(entry);
      for (int64_t r = chunk * kListedRows; r < std::min(n_rows, (chunk + 1) * kListedRows); ++r) {
        const float value = column[r * kTileUnits];
        lists.at[entry] = static_cast<int32_t>(r);
        lists.values[entry] = value;
        entry += value != 0.0f ? 1 : 0;
      }
    }
    *starts = static_cast<int32_t>(entry);
  }
  return entry;
}

/// sums[p] += the products of one list, in order.
template <int kPanels>
UDL_ALWAYS_INLINE void add_list(const PixelLists& lists, int64_t list, int64_t chunk,
                                const float* rows, int64_t panel_stride, f32x16 (&sums)[kPanels]) {
  const int32_t* starts = lists.starts + list * (lists.n_chunks + 1) + chunk;
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
      add_list(lists, r, chunk, weights, stride, sums);
      for (int p = 0; p < kPanels; ++p)
        store(product.out.panel(panel + p) + r * kTileUnits, sums[p]);
    }
  for (int p = 0; p < kPanels; ++p)
    finish_rows(product.finish, product.out, panel + p, product.first_row, product.n_rows);
}

void listed_to_outputs(const DenseProduct& product, const PixelLists& lists) {
  int64_t panel = product.first_panel;
  const int64_t end = panel + product.n_panels;
  for (; panel + kListedPanels <= end; panel += kListedPanels)
    listed_panels<kListedPanels>(product, lists, panel);
  for (; panel < end; ++panel) listed_panels<1>(product, lists, panel);
}

/// Blocks of kGradientRows rows are sums by themselves, as in gradient_block; chunks of one block
/// go on with the sum of the last chunk, which waits in registers: all of a list is taken at once.
template <int kPanels>
UDL_ALWAYS_INLINE void listed_update(const DenseUpdate& update, const PixelLists& lists,
                                     int64_t panel) {
  constexpr int64_t kChunks = kGradientRows / kListedRows;
  const ConstUnitPanels& outputs = update.terms[0].outputs;
  for (int64_t unit = update.first_unit; unit < update.end_unit; ++unit) {
    f32x16 total[kPanels];
    for (int p = 0; p < kPanels; ++p) total[p] = broadcast(0.0f);
    for (int64_t block = 0; block < lists.n_chunks; block += kChunks) {
      f32x16 sums[kPanels];
      for (int p = 0; p < kPanels; ++p) sums[p] = broadcast(0.0f);
      for (int64_t chunk = block; chunk < std::min(lists.n_chunks, block + kChunks); ++chunk)
        add_list(lists, unit, chunk, outputs.panel(panel), outputs.panel_stride, sums);
      for (int p = 0; p < kPanels; ++p) total[p] = block > 0 ? total[p] + sums[p] : sums[p];
    }
    for (int p = 0; p < kPanels; ++p) {
      alignas(64) float gradient[kTileUnits];
      store(gradient, total[p]);
      take_step(update.step, true, step_rows_of(update, panel + p, unit, gradient, 1));
    }
  }
}

void listed_weights(const DenseUpdate& update, const PixelLists& lists) {
  int64_t panel = update.first_panel;
  const int64_t end = panel + update.n_panels;
  for (; panel + kListedPanels <= end; panel += kListedPanels)
    listed_update<kListedPanels>(update, lists, panel);
  for (; panel < end; ++panel) listed_update<1>(update, lists, panel);
}

}  // namespace
}  // namespace udl
