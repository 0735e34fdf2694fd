#pragma once
// Products of numbers that are rounded to bfloat16, eight bits, with sums, weights and all that
// follows in float32. A pair of numbers takes one lane of 32 bits. AVX512_BF16 alone: the table of
// another target holds null pointers.
#include <cstdint>

#include "kernels/dense/products.h"
#include "kernels/dense/update.h"

namespace udl {

/// Values of units as pairs, twice. Pairs of units: those of panels 2 t and 2 t + 1 at
/// by_unit[t * unit_stride + 16 r] in their order. Pairs of rows: unit k of panel t in rows 2 b and
/// 2 b + 1 at by_row[t * row_stride + 16 b + k]; a row that is missing counts as 0.
struct PairPanels {
  float *by_unit, *by_row;
  int64_t unit_stride, row_stride;
};

/// GradientTerm in pairs.
struct PairTerm {
  PairPanels inputs, outputs;
};

/// A sum adds its pairs in order, cut into blocks of 1,024 units: the same bits for any tasks.
struct Bfloat16Kernels {
  /// Panels first_panel .. first_panel + n_panels - 1 and rows first_row .. of `values`, the first
  /// of both even, and all panels of the pair given where there are two.
  void (*pack)(const ConstUnitPanels& values, int64_t first_panel, int64_t n_panels,
               int64_t first_row, int64_t n_rows, const PairPanels& to);

  /// As in DenseProductKernels, with pairs instead of product.values; all need scratch.
  void (*to_outputs)(const DenseProduct& product, const PairPanels& values);
  void (*to_inputs)(const DenseProduct& product, const PairPanels& values);
  /// As in DenseUpdateKernels, with these terms instead of update.terms.
  void (*weights)(const DenseUpdate& update, const PairTerm* terms);
};

}  // namespace udl
