#pragma once
// Values of the units of a layer for the rows of a minibatch, in panels of 16 units
// (kernels/dense.h).
#include <algorithm>
#include <cstdint>

#include "kernels/dense.h"
#include "runtime/memory/buffer.h"

namespace udl {

/// Zeros at first. Room for a number of rows; panels are that many rows apart.
class UnitMatrix {
 public:
  UnitMatrix() = default;
  UnitMatrix(int64_t max_rows, int64_t n_units)
      : max_rows_(max_rows),
        n_units_(n_units),
        panels_(divide_up(n_units, kTileUnits) * kTileUnits * max_rows) {}

  bool empty() const { return panels_.size() == 0; }
  int64_t n_units() const { return n_units_; }
  int64_t n_panels() const { return divide_up(n_units_, kTileUnits); }
  UnitPanels view() { return {panels_.data(), kTileUnits * max_rows_}; }
  ConstUnitPanels view() const { return {panels_.data(), kTileUnits * max_rows_}; }

  /// Rows first .. first + count - 1 from and to C-ordered rows that are `stride` apart.
  template <class Real>
  void set_rows(int64_t first, int64_t count, const Real* rows, int64_t stride) {
    for_row_panels(first, count, [&](int64_t r, int64_t unit, int64_t n, float* sixteen) {
      const Real* from = rows + r * stride + unit;
      for (int64_t k = 0; k < n; ++k) sixteen[k] = static_cast<float>(from[k]);
    });
  }
  template <class Real>
  void copy_rows(int64_t first, int64_t count, Real* rows, int64_t stride) {
    for_row_panels(first, count, [&](int64_t r, int64_t unit, int64_t n, const float* sixteen) {
      std::copy_n(sixteen, n, rows + r * stride + unit);
    });
  }

 private:
  template <class Work>
  void for_row_panels(int64_t first, int64_t count, Work&& work) {
    for (int64_t r = 0; r < count; ++r)
      for (int64_t panel = 0; panel < n_panels(); ++panel)
        work(r, panel * kTileUnits, std::min<int64_t>(kTileUnits, n_units_ - panel * kTileUnits),
             view().panel(panel) + (first + r) * kTileUnits);
  }

  int64_t max_rows_ = 0, n_units_ = 0;
  Buffer<float> panels_;
};

}  // namespace udl
