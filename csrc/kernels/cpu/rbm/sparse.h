#pragma once
// Products with sparse rows: the weights of a column, one cache line of a panel, are added for each
// entry. Sums are those of products.h and of dense.h, whose order they keep.
#include <algorithm>

#include "kernels/cpu/rbm/integer_rows.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/rbm/sparse.h"

namespace udl {
namespace {

/// Asks for the first lines of a row. Rows are short and columns far apart: while one row is summed
/// the lines of the next come.
UDL_ALWAYS_INLINE void prefetch_row(const float* panel, const SparseRowsView& rows, int64_t row) {
  constexpr int64_t kMostLines = 16;
  if (row >= rows.rows) return;
  const int64_t last = std::min(rows.last[row], rows.first[row] + kMostLines);
  for (int64_t at = rows.first[row]; at < last; ++at)
    prefetch(panel + int64_t{rows.columns[at]} * kTileUnits);
}

void sparse_hidden_sums(const WeightPanelsView& weights, int64_t tile,
                        const SparseRowsView& visible, int32_t* sums) {
  const float* panel = weights.panel(tile);
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  for (int64_t r = 0; r < visible.rows; ++r) {
    prefetch_row(panel, visible, r + 1);
    i32x16 sum = broadcast(0);
    for (int64_t at = visible.first[r]; at < visible.last[r]; ++at)
      sum = sum + quantise(load(panel + int64_t{visible.columns[at]} * kTileUnits), inverse_scale);
    store(sums + r * kTileUnits, sum);
  }
}

/// One value of a sparse row, as a dense row of float32 holds it.
UDL_ALWAYS_INLINE float value_at(const SparseRowsView& rows, int64_t at) {
  return rows.values == nullptr ? 1.0f : static_cast<float>(rows.values[at]);
}

void sparse_value_hidden_sums(const WeightPanelsView& weights, int64_t tile,
                              const SparseRowsView& visible, float* sums) {
  const float* panel = weights.panel(tile);
  for (int64_t r = 0; r < visible.rows; ++r) {
    prefetch_row(panel, visible, r + 1);
    f32x16 sum = broadcast(0.0f);
    for (int64_t at = visible.first[r]; at < visible.last[r]; ++at)
      sum = multiply_add(broadcast(value_at(visible, at)),
                         load(panel + int64_t{visible.columns[at]} * kTileUnits), sum);
    store(sums + r * kTileUnits, sum);
  }
}

void sparse_gradient_sums(const SparseRowsView& visible, int64_t n_visible,
                          const float* probabilities, float factor, float* sums) {
  for (int64_t i = 0; i < n_visible; ++i) store(sums + i * kTileUnits, broadcast(0.0f));
  for (int64_t r = 0; r < visible.rows; ++r) {
    prefetch_row(sums, visible, r + 1);
    const f32x16 hidden = load(probabilities + r * kTileUnits);
    for (int64_t at = visible.first[r]; at < visible.last[r]; ++at) {
      float* sum = sums + int64_t{visible.columns[at]} * kTileUnits;
      store(sum, multiply_add(broadcast(value_at(visible, at)), hidden, load(sum)));
    }
  }
  const f32x16 scale = broadcast(factor);
  for (int64_t i = 0; i < n_visible; ++i) {
    float* sum = sums + i * kTileUnits;
    store(sum, load(sum) * scale);
  }
}

void sparse_add_gradient_sums(const SparseRowsView& visible, const float* probabilities,
                              float factor, float* sums) {
  const f32x16 scale = broadcast(factor);
  for (int64_t r = 0; r < visible.rows; ++r) {
    prefetch_row(sums, visible, r + 1);
    const f32x16 hidden = scale * load(probabilities + r * kTileUnits);
    for (int64_t at = visible.first[r]; at < visible.last[r]; ++at) {
      float* sum = sums + int64_t{visible.columns[at]} * kTileUnits;
      store(sum, multiply_add(broadcast(value_at(visible, at)), hidden, load(sum)));
    }
  }
}

/// First entry of a row whose column is not below `column`.
UDL_ALWAYS_INLINE int64_t find_column(const SparseRowsView& rows, int64_t row, int64_t column) {
  int64_t low = rows.first[row], high = rows.last[row];
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (rows.columns[middle] < column)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void sparse_column_sums(const SparseRowsView& visible, int64_t begin, int64_t end, float* sums) {
  std::fill_n(sums, end - begin, 0.0f);
  for (int64_t r = 0; r < visible.rows; ++r) {
    const int64_t last = visible.last[r];
    for (int64_t at = find_column(visible, r, begin); at < last && visible.columns[at] < end; ++at)
      sums[visible.columns[at] - begin] += value_at(visible, at);
  }
}

}  // namespace
}  // namespace udl
