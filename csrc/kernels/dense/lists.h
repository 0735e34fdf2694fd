#pragma once
// The first layer where many inputs are 0: lists of the others, by row for the product and by pairs
// of neighbouring inputs, of which one at least is not 0, for the gradient. What is left out, or
// listed beside, adds 0 to a sum: the results are those of kernels/dense/products.h and update.h,
// bit for bit, where weights and errors are finite.
#include <cstdint>

#include "kernels/dense/products.h"
#include "kernels/dense/update.h"

namespace udl {

constexpr int64_t kPanelPairs = kTileUnits / 2;  ///< pairs of neighbouring units in a panel

/// Lists cut in chunks of an index, in ascending order: what is listed is at[start[0]] ..
/// at[start[1] - 1] with its values beside it, one of a row, two of a pair of units. Of bfloat16
/// numbers (kernels/dense/bfloat16.h) the index counts pairs of units, or of rows, a value is such
/// a pair, and two rows share a list.
struct PixelLists {
  int32_t* at;
  float* values;
  int32_t* starts;
  int64_t n_chunks;

  /// The start of chunk `chunk` of the list of a row, or a pair of rows, and of units 2 * pair and
  /// 2 * pair + 1.
  int32_t* of_row(int64_t row, int64_t chunk) const {
    return starts + row * (n_chunks + 1) + chunk;
  }
  int32_t* of_pair(int64_t pair, int64_t chunk) const {
    const int64_t panel = pair / kPanelPairs;
    return starts + (panel * n_chunks + chunk) * (kPanelPairs + 1) + pair % kPanelPairs;
  }
  static int64_t row_starts(int64_t n_rows, int64_t n_chunks) { return n_rows * (n_chunks + 1); }
  static int64_t pair_starts(int64_t n_panels, int64_t n_chunks) {
    return n_panels * n_chunks * (kPanelPairs + 1);
  }
};

/// Inputs, and rows, of a chunk: what it reads of weights, or of errors, stays in a core's nearest
/// caches while all lists pass over it. A chunk of rows is a sum by itself, as in the update.
constexpr int64_t kListedUnits = 208;
constexpr int64_t kListedRows = kGradientRows;
/// Panels for which an entry of a list is read at a time: fewer would wait for their additions.
constexpr int64_t kListedPanels = 4;

struct PixelListKernels {
  /// Lists of rows first_row .. end_row - 1 over all units, from entry `entry` on; the entry after
  /// the last. Behind what is listed, 16 entries more are written to.
  int64_t (*by_row)(const ConstUnitPanels& values, int64_t n_units, int64_t first_row,
                    int64_t end_row, const PixelLists& lists, int64_t entry);
  /// The same of the pairs of units of panels first_panel .. end_panel - 1 over all rows.
  int64_t (*by_pair)(const ConstUnitPanels& values, int64_t n_rows, int64_t first_panel,
                     int64_t end_panel, const PixelLists& lists, int64_t entry);

  /// to_outputs with lists by row instead of `values`.
  void (*to_outputs)(const DenseProduct& product, const PixelLists& lists);
  /// The update with lists by pair instead of the inputs of its only term.
  void (*weights)(const DenseUpdate& update, const PixelLists& lists);
};

}  // namespace udl
