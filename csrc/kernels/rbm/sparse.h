#pragma once
// Products with visible states of which only what is not zero is stored. They cost what is stored,
// and a panel's weights lie ready: nothing is made beforehand as for tables and lists
// (rbm/products.h, rbm/lists.h), which pays once a row has more than a few per cent of the columns.
#include <cstdint>

#include "kernels/rbm/products.h"

namespace udl {

/// Rows of visible states: row r is on, or has a value, in columns[first[r]] .. columns[last[r] -
/// 1], which ascend, and is 0 elsewhere.
struct SparseRowsView {
  const int64_t *first, *last;
  const int32_t* columns;
  const double* values;  ///< beside `columns`; null: all are 1. Read as float32.
  int64_t rows;
};

struct SparseKernels {
  /// The sums of ProductKernels::hidden_sums; values do not count. Exact.
  void (*hidden_sums)(const WeightPanelsView& weights, int64_t tile, const SparseRowsView& visible,
                      int32_t* sums);

  /// The sums of ProductKernels::dense_hidden_sums without the terms that are zero: the same bits
  /// on each target, but for the sign of a sum that is zero.
  void (*value_hidden_sums)(const WeightPanelsView& weights, int64_t tile,
                            const SparseRowsView& visible, float* sums);

  /// The sums of GradientKernels::dense_sums, overwritten, with the same exception.
  void (*gradient_sums)(const SparseRowsView& visible, int64_t n_visible,
                        const float* probabilities, float factor, float* sums);

  /// sums[i][k] += sum over rows b, in order, of visible unit i in row b times (factor *
  /// probabilities[b][k]). Exact.
  void (*add_gradient_sums)(const SparseRowsView& visible, const float* probabilities, float factor,
                            float* sums);

  /// sums[c - begin] = sum over rows, in order, of column c of begin <= c < end, float32.
  void (*column_sums)(const SparseRowsView& visible, int64_t begin, int64_t end, float* sums);
};

}  // namespace udl
