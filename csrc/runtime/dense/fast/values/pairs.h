#pragma once
// Values of units for products of bfloat16 numbers (kernels/dense/bfloat16.h).
#include <cstdint>

#include "kernels/dense.h"
#include "runtime/memory/buffer.h"

namespace udl {

/// Panels and rows of a minibatch.
struct PanelRange {
  int64_t first_panel, n_panels, first_row, n_rows;
};

class PairMatrix {
 public:
  PairMatrix() = default;
  /// Pairs of rows are for gradients alone.
  PairMatrix(int64_t max_rows, int64_t n_units, bool has_row_pairs = true)
      : row_pairs_(divide_up(max_rows, 2)) {
    const int64_t n_panels = divide_up(n_units, kTileUnits);
    by_unit_.resize(divide_up(n_panels, 2) * view().unit_stride);
    if (has_row_pairs) by_row_.resize(n_panels * view().row_stride);
  }

  bool empty() const { return by_unit_.size() == 0; }
  /// Its kernels read what they are given.
  PairPanels view() const {
    return {const_cast<float*>(by_unit_.data()), const_cast<float*>(by_row_.data()),
            2 * row_pairs_ * kTileUnits, row_pairs_ * kTileUnits};
  }
  /// Nothing where there is no room.
  void pack(const DenseKernels& kernels, const ConstUnitPanels& values, const PanelRange& range) {
    pack_to(view(), kernels, values, range);
  }
  /// Pairs of rows alone, for gradients.
  void pack_rows(const DenseKernels& kernels, const ConstUnitPanels& values,
                 const PanelRange& range) {
    PairPanels rows = view();
    rows.by_unit = nullptr;
    pack_to(rows, kernels, values, range);
  }

 private:
  void pack_to(const PairPanels& pairs, const DenseKernels& kernels, const ConstUnitPanels& values,
               const PanelRange& range) {
    if (!empty())
      kernels.bfloat16.pack(values, range.first_panel, range.n_panels, range.first_row,
                            range.n_rows, pairs);
  }

  int64_t row_pairs_ = 0;
  Buffer<float> by_unit_, by_row_;
};

}  // namespace udl
