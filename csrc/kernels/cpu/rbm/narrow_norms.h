#pragma once
// Half-norms of blocks of 64 units, which bound every entry and partial sum of narrow tables.
#include <algorithm>

#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Sums of positive and of negative integers of each lane, over the rows of one block.
struct LaneHalfSums {
  i32x16 positive = broadcast(0), negative = broadcast(0);
  i32x16 larger() const { return max(positive, negative); }
};

/// One row of sixteen integers: added to the block, and its own sums in lanes 0, 1 (positive) and
/// 2, 3 (negative) of each four lanes.
UDL_ALWAYS_INLINE i32x16 add_row(f32x16 weights, f32x16 inverse_scale, LaneHalfSums& block) {
  const i32x16 zero = broadcast(0), z = round_to_int(weights * inverse_scale);
  const i32x16 up = max(z, zero), down = max(zero - z, zero);
  block.positive = block.positive + up;
  block.negative = block.negative + down;
  return pair_sums(up, down);
}

/// Sixteen rows: two numbers a row, positive and negative, as two vectors.
UDL_ALWAYS_INLINE void add_sixteen_rows(const float* weights, f32x16 inverse_scale,
                                        LaneHalfSums& block, int32_t* row_norms) {
  i32x16 fours[4];
  for (int f = 0; f < 4; ++f) {
    i32x16 rows[4];
    for (int k = 0; k < 4; ++k)
      rows[k] = add_row(load(weights + (4 * f + k) * kTileUnits), inverse_scale, block);
    transpose_quarters(rows);
    fours[f] = rows[0] + rows[1] + rows[2] + rows[3];  // quarter k belongs to row 4 f + k
  }
  store(row_norms, pair_sums(fours[0], fours[1]));
  store(row_norms + kTileUnits, pair_sums(fours[2], fours[3]));
}

UDL_ALWAYS_INLINE int32_t largest_lane(i32x16 x) {
  int32_t lanes_of_x[kTileUnits];
  store(lanes_of_x, x);
  return *std::max_element(lanes_of_x, lanes_of_x + kTileUnits);
}

/// Panels are padded to whole tiles of visible units with zeros.
int32_t narrow_norms(const float* panel, int64_t n_visible, float inverse_scale,
                     int32_t* row_norms) {
  const f32x16 scale = broadcast(inverse_scale);
  i32x16 largest = broadcast(0);
  for (int64_t first = 0; first < n_visible; first += kWordBits) {
    LaneHalfSums block;
    const int64_t end = std::min(n_visible, first + kWordBits);
    for (int64_t i = first; i < end; i += kTileUnits)
      add_sixteen_rows(panel + i * kTileUnits, scale, block, row_norms + 2 * i);
    largest = max(largest, block.larger());
  }
  return largest_lane(largest);
}

int32_t largest_of_sums(const int32_t* const* arrays, int n_arrays, int64_t length) {
  i32x16 largest = broadcast(0);
  for (int64_t n = 0; n < length; n += kTileUnits) {
    i32x16 sum = broadcast(0);
    for (int a = 0; a < n_arrays; ++a) sum = sum + load(arrays[a] + n);
    largest = max(largest, sum);
  }
  return largest_lane(largest);
}

}  // namespace
}  // namespace udl
