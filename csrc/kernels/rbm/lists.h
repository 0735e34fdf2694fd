#pragma once
// The products of bits with weights by lists of the ones.
#include <cstdint>

#include "base/view.h"
#include "kernels/rbm/products.h"

namespace udl {

/// Rows of bits as lists of the columns that are on, in chunks of kListColumns columns. The lists
/// of kListRows neighbouring rows, a group, have one length and follow each other: those of group g
/// in chunk c are columns_on[starts[n]] .. columns_on[starts[n + 1] - 1] with n = c * groups() + g.
/// A list is in ascending order, counted from the chunk's first column, and filled up with
/// kListColumns, which stands for a row of zeros.
struct ActiveListsView {
  const uint16_t* columns_on;
  const uint32_t* starts;  ///< chunks() * groups() + 1
  int64_t rows;
  int64_t columns;

  int64_t chunks() const;
  int64_t groups() const;
};
constexpr int64_t kListRows = 4;
/// Columns whose integer rows, 24 KB, stay in the L1 cache while all lists pass over them.
constexpr int64_t kListColumns = 384;
inline int64_t ActiveListsView::chunks() const { return divide_up(columns, kListColumns); }
inline int64_t ActiveListsView::groups() const { return divide_up(rows, kListRows); }

/// Integers of a chunk, which is the scratch a product of lists needs: kListColumns integer rows,
/// and the row of zeros. The integer rows of a whole panel are divide_up(columns, kListColumns)
/// chunks, one after the other.
constexpr int64_t kListScratch = (kListColumns + 1) * kTileUnits;
/// Where the integer row of column i starts.
inline int64_t integer_row(int64_t i) { return (i + i / kListColumns) * kTileUnits; }

struct ListKernels {
  /// Entries of the lists of `bits`: the ones, and what fills lists up.
  int64_t (*count_entries)(const BitMatrixView& bits);

  /// Lists of the ones of `bits`. Written: starts[0 .. chunks * groups], and columns_on, which has
  /// room for count_entries(bits) + 64, of which those beyond the last list mean nothing.
  void (*list_active)(const BitMatrixView& bits, uint16_t* columns_on, uint32_t* starts);

  /// The sums of ProductKernels::hidden_sums and visible_sums; scratch has kListScratch integers.
  /// Exact.
  void (*hidden_sums)(const WeightPanelsView& weights, int64_t tile, const ActiveListsView& visible,
                      int32_t* scratch, int32_t* sums);
  void (*visible_sums)(const WeightPanelsView& weights, int64_t tile, const ActiveListsView& hidden,
                       int32_t* scratch, int32_t* sums);

  /// The integer rows of a whole panel, round(W[16 tile + k][i] * inverse_scale), and the rows of
  /// zeros.
  void (*integer_panel)(const WeightPanelsView& weights, int64_t tile, int32_t* integers);
  /// The same of a visible tile, round(W[j][16 tile + k] * inverse_scale), a row for each hidden
  /// unit.
  void (*visible_integer_panel)(const WeightPanelsView& weights, int64_t tile, int32_t* integers);
  /// The sums of hidden_sums or of visible_sums from integer rows that are there.
  void (*integer_sums)(const IntegerPanelView& integers, const ActiveListsView& lists,
                       int32_t* sums);
};

}  // namespace udl
