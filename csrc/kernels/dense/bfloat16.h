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

/// Rows of values of units as they come: row r begins at values + stride * (order != null ?
/// order[r] : r).
struct UnitRows {
  const float* values;
  int64_t stride, n_units;
  const int32_t* order;

  const float* row(int64_t r) const { return values + stride * (order != nullptr ? order[r] : r); }
};

/// Pairs of n_units units, up to whole panels of pairs.
constexpr int64_t padded_pairs(int64_t n_units) {
  return divide_up(n_units, 2 * kTileUnits) * kTileUnits;
}
constexpr int64_t pair_mask_words(int64_t n_units) { return divide_up(padded_pairs(n_units), 64); }

/// Pairs of units of a chunk of lists, and panels for which an entry is read at a time: what two
/// rows share is worth most where many panels do.
constexpr int64_t kListedPairs = 112;
constexpr int64_t kListedPairPanels = 8;
/// Pairs of rows of a chunk of lists of units.
constexpr int64_t kListedRowPairs = 128;

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

  /// Lists of the pairs of neighbouring units, rounded, that are not 0 in one of two rows at least:
  /// entries with a value for each of the two, in chunks of kListedPairs. From list `first_list` on
  /// each has the next two of n_rows rows, the last perhaps one, from entry `entry` on; the entry
  /// after the last. Behind what is listed, 16 entries more are written to.
  int64_t (*list)(const UnitRows& rows, int64_t n_rows, int64_t first_list, const PixelLists& lists,
                  int64_t entry);
  /// Numbers of n_rows rows so that neighbours are alike in what is 0, which makes their lists
  /// short; masks: room for n_rows of pair_mask_words(n_units).
  void (*order_alike)(const UnitRows& rows, int64_t n_rows, uint64_t* masks, int32_t* order);
  /// to_outputs with such lists, rows in their order, from an even one on: the same bits, but for
  /// the sign of 0, where weights are finite.
  void (*listed_to_outputs)(const DenseProduct& product, const PixelLists& lists);

  /// As in DenseUpdateKernels, with these terms instead of update.terms.
  void (*weights)(const DenseUpdate& update, const PairTerm* terms);

  /// PixelListKernels::by_pair of the pairs of rows, rounded, that are not 0 in one of two units at
  /// least: entries with a value for each of the two, in chunks of kListedRowPairs.
  int64_t (*list_units)(const ConstUnitPanels& values, int64_t n_rows, int64_t first_panel,
                        int64_t end_panel, const PixelLists& lists, int64_t entry);
  /// The same as `weights` with such lists instead of the inputs of the only term: the same bits,
  /// but for the sign of 0, where errors are finite.
  void (*listed_weights)(const DenseUpdate& update, const PairPanels& outputs,
                         const PixelLists& lists);
};

}  // namespace udl
