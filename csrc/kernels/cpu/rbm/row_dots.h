#pragma once
// Rows of a panel, one for each visible unit: products of weights with their gradient, summed over
// the hidden units, from which the variance of a Gaussian unit learns; and factors of the gradient.
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Sixteen visible units at a time: their products lie as rows, and are read as columns, so that
/// the lanes of a row are added in order.
void row_dots(const float* weights, const float* gradient, int64_t n_visible, float* dots) {
  alignas(64) float products[kTileUnits * kTileUnits];
  for (int64_t first = 0; first < n_visible; first += kTileUnits) {
    for (int64_t k = 0; k < kTileUnits; ++k) {
      const int64_t at = (first + k) * kTileUnits;
      const bool is_unit = first + k < n_visible;
      store(products + k * kTileUnits,
            is_unit ? load(weights + at) * load(gradient + at) : broadcast(0.0f));
    }
    f32x16 sum = broadcast(0.0f);
    for (int lane = 0; lane < kTileUnits; lane += 4) {
      f32x16 columns[4];
      load_columns(products + lane, kTileUnits, columns);
      for (int k = 0; k < 4; ++k) sum = sum + columns[k];
    }
    store(dots + first, sum);
  }
}

void scale_rows(const float* factors, int64_t n_visible, float* values) {
  for (int64_t i = 0; i < n_visible; ++i) {
    float* row = values + i * kTileUnits;
    store(row, load(row) * broadcast(factors[i]));
  }
}

}  // namespace
}  // namespace udl
