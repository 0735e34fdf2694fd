#pragma once
// Products of numbers that are rounded to bfloat16, eight bits, with sums and all that follows in
// float32. A pair of numbers takes one lane of 32 bits. DenseWeights are in halves (halves.h) for
// all of these kernels. AVX512_BF16 alone: the table of another target holds null pointers.
#include <cstdint>

#include "kernels/dense/lists.h"
#include "kernels/dense/products.h"
#include "kernels/dense/update.h"

namespace udl {

/// Values of units as pairs, twice. Pairs of units: those of panels 2 t and 2 t + 1 at
/// by_unit[t * unit_stride + 16 r] in their order. Pairs of rows: unit k of panel t in rows 2 b and
/// 2 b + 1 at by_row[t * row_stride + 16 b + k]; a row that is missing counts as 0. What nobody
/// asks for is null.
struct PairPanels {
  float *by_unit, *by_row;
  int64_t unit_stride, row_stride;
};

/// GradientTerm in pairs.
struct PairTerm {
  PairPanels inputs, outputs;
};

/// Of panels of weights that are packed for to_inputs, where there are n_units outputs.
constexpr int64_t paired_stride(int64_t n_units) { return round_up(n_units, 2 * kTileUnits) * 8; }

/// Pairs of units of a chunk of lists, and panels for which an entry is read at a time: what two
/// rows share is worth most where many panels do.
constexpr int64_t kListedPairs = 112;
constexpr int64_t kListedPairPanels = 8;

/// A sum adds its pairs in order: the same bits for any tasks.
struct Bfloat16Kernels {
  /// Panels first_panel .. first_panel + n_panels - 1 and rows first_row .. of `values`, the first
  /// of both even, and all panels of the pair given where there are two.
  void (*pack)(const ConstUnitPanels& values, int64_t first_panel, int64_t n_panels,
               int64_t first_row, int64_t n_rows, const PairPanels& to);

  /// Weights as to_inputs needs them, pairs of outputs with 16 inputs in each: panels first_panel
  /// .. of inputs, paired_stride apart.
  void (*pack_transposed)(const DenseWeights& weights, int64_t first_panel, int64_t n_panels,
                          float* panels);

  /// As in DenseProductKernels, with pairs instead of product.values.
  void (*to_outputs)(const DenseProduct& product, const PairPanels& values);
  void (*to_inputs)(const DenseProduct& product, const PairPanels& values);

  /// Lists of the pairs of units that are not 0 in row r or r + 1, for every other row r: entries
  /// with a value for each of the two rows, in chunks of kListedPairs. `pairs` are those of
  /// by_unit, a pair a lane. Rows first_row .. end_row - 1, the first even, from entry `entry` on;
  /// the entry after the last. Behind what is listed, 16 entries more are written to.
  int64_t (*list)(const ConstUnitPanels& pairs, int64_t n_pairs, int64_t first_row, int64_t end_row,
                  const PixelLists& lists, int64_t entry);
  /// to_outputs with such lists, from an even row on: the same bits, but for the sign of 0.
  void (*listed_to_outputs)(const DenseProduct& product, const PixelLists& lists);

  /// As in DenseUpdateKernels, with these terms instead of update.terms.
  void (*weights)(const DenseUpdate& update, const PairTerm* terms);
};

}  // namespace udl
