#pragma once
// What products of numbers that are rounded to integers share: a layer's outputs, for many rows.
//
// A lane of 32 bits holds kPerLane numbers, the first in its lowest bits: those of units
// 16 (kPerLane t + j) + k for j = 0 .. kPerLane - 1. Numbers of missing units are 0.
#include <cstdint>

#include "base/view.h"
#include "kernels/dense/products.h"

namespace udl {

/// Lanes of a row or of an output in all; 16 by 16 are one panel's.
template <int kPerLane>
constexpr int64_t rounded_lanes(int64_t n_units) {
  return round_up(n_units, kPerLane * kTileUnits) / kPerLane;
}

/// Values to be rounded: unit 16 t + k of row r at values[t * panel_stride + r * row_stride + k],
/// panels or rows of a matrix; lanes of missing units are 0.
struct UnroundedValues {
  const float* values;
  int64_t panel_stride, row_stride;
};

/// All panels of `out`, rows 0 .. n_rows - 1.
template <class Weights, class Values>
struct RoundedProduct {
  Weights weights;
  Values values;
  UnitPanels out;
  int64_t n_panels, n_rows;
  DenseFinish finish;
};

}  // namespace udl
