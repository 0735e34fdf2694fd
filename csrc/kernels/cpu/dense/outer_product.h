#pragma once
// The step of every product: a few values times one or two rows of 16 lanes, added to a block of
// registers.
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

/// sums[r][p] += values[r * kStride] * rows[p * row_stride ..].
template <int kStride, int kRows, int kPanels>
UDL_ALWAYS_INLINE void add_outer(const float* values, const float* rows, int64_t row_stride,
                                 f32x16 (&sums)[kRows][kPanels]) {
  f32x16 row[kPanels];
  for (int p = 0; p < kPanels; ++p) {
    row[p] = load(rows + p * row_stride);
    keep_in_register(row[p]);
  }
  for (int r = 0; r < kRows; ++r) {
    const f32x16 value = broadcast_in_register(values[r * kStride]);
    for (int p = 0; p < kPanels; ++p) sums[r][p] = multiply_add(value, row[p], sums[r][p]);
  }
}

}  // namespace
}  // namespace udl
