#pragma once
// Norms of new weights, gathered by the update while their integers are in registers, and what is
// found in them afterwards.
#include <algorithm>

#include "kernels/cpu/rbm/learning/half_norms.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Of tables of 32 bits, in units of 2^kNormShift; nothing where none are asked for. Rows come in
/// fours, of which the last may be short.
struct WideNorms {
  i32x16 positive = broadcast(0), negative = broadcast(0);

  void begin_four() {}
  void end_four(const PanelUpdate&, int64_t) {}

  /// Row first + k.
  UDL_ALWAYS_INLINE void add(const PanelUpdate& u, int64_t first, int k, i32x16 z) {
    if (!u.column_norms) return;
    const i32x16 zero = broadcast(0);
    const i32x16 up = shift_right_logical<kNormShift>(max(z, zero));
    const i32x16 down = shift_right_logical<kNormShift>(max(zero - z, zero));
    positive = positive + up;
    negative = negative + down;
    if (!u.row_norms) return;
    int32_t* norms = u.row_norms + (first + k) * kTileUnits;
    const i32x16 sums = pair_sums(up, down);
    store(norms, u.add_row_norms ? min(load(norms) + sums, broadcast(kMaxTrackedNorm)) : sums);
  }

  /// After at most kListColumns rows: 384 * 2^14 on top of kMaxTrackedNorm fit 32 bits.
  UDL_ALWAYS_INLINE void end_chunk() {
    positive = min(positive, broadcast(kMaxTrackedNorm));
    negative = min(negative, broadcast(kMaxTrackedNorm));
  }

  void store_in(const PanelUpdate& u) const {
    if (!u.column_norms) return;
    store(u.column_norms, positive);
    store(u.column_norms + kTileUnits, negative);
  }
};

/// Of tables of 16 bits: integers, their sums over 64 units, and the limit of these all fit, and
/// sums that do not fit stop at the limit.
struct NarrowHalfNorms {
  i16x16 positive = zero_i16x16(), negative = zero_i16x16(), largest = zero_i16x16();

  i16x16 pairs[4];  ///< of each row of a four

  UDL_ALWAYS_INLINE void begin_four() {
    for (i16x16& sums : pairs) sums = zero_i16x16();
  }

  UDL_ALWAYS_INLINE void add(const PanelUpdate&, int64_t, int k, i32x16 z) {
    const i16x16 zero = zero_i16x16(), row = narrow(z);
    const i16x16 up = max(row, zero), down = max(zero - row, zero);
    positive = add_saturated(positive, up);
    negative = add_saturated(negative, down);
    pairs[k] = neighbour_sums(up, down);
  }

  /// Each half of the lanes then holds, of its lanes, row 0 up, row 0 down, row 1 up, ..
  UDL_ALWAYS_INLINE void end_four(const PanelUpdate& u, int64_t first) {
    const i16x16 rows =
        neighbour_sums(neighbour_sums(pairs[0], pairs[1]), neighbour_sums(pairs[2], pairs[3]));
    store(u.narrow_norms.rows + first / 4 * kTileUnits, rows);
    if ((first + 4) % kWordBits == 0) end_block();
  }

  UDL_ALWAYS_INLINE void end_block() {
    largest = max(largest, max(positive, negative));
    positive = zero_i16x16();
    negative = zero_i16x16();
  }
  void end_chunk() {}

  void store_in(const PanelUpdate& u) const {
    store(u.narrow_norms.columns, max(largest, max(positive, negative)));
  }
};

/// Sum of the partial norms of a row; rows beyond the end are zero.
UDL_ALWAYS_INLINE i32x16 total_row_norm(const int32_t* const* row_norms, int n_partials,
                                        int64_t row, int64_t n_rows) {
  i32x16 sum = broadcast(0);
  for (int p = 0; row < n_rows && p < n_partials; ++p)
    sum = sum + load(row_norms[p] + row * kTileUnits);
  return min(sum, broadcast(kMaxTrackedNorm));
}

/// Four rows at a time: after the transpose of quarters, quarter k of the sum belongs to row k.
int64_t largest_row_norm(const int32_t* const* row_norms, int n_partials, int64_t n_visible) {
  int64_t largest = 0;
  for (int64_t first = 0; first < n_visible; first += 4) {
    i32x16 rows[4];
    for (int k = 0; k < 4; ++k)
      rows[k] = total_row_norm(row_norms, n_partials, first + k, n_visible);
    transpose_quarters(rows);
    int32_t lanes_of_rows[kTileUnits];
    store(lanes_of_rows, rows[0] + rows[1] + rows[2] + rows[3]);
    for (int k = 0; k < kTileUnits; k += 2)
      largest = std::max(largest, int64_t{lanes_of_rows[k]} + lanes_of_rows[k + 1]);
  }
  return largest;
}

UDL_ALWAYS_INLINE i16x16 sum_of_panels(const int16_t* const* rows, int n_panels, int64_t at) {
  i16x16 sum = load(rows[0] + at);
  for (int p = 1; p < n_panels; ++p) sum = add_saturated(sum, load(rows[p] + at));
  return sum;
}

int32_t largest_narrow_row_norm(const int16_t* const* rows, int n_panels, int64_t n) {
  i16x16 largest = zero_i16x16();
  for (int64_t k = 0; k < n; k += 2 * kTileUnits)
    largest = max(largest, add_halves(sum_of_panels(rows, n_panels, k),
                                      sum_of_panels(rows, n_panels, k + kTileUnits)));
  int16_t lanes_of_largest[kTileUnits];
  store(lanes_of_largest, largest);
  return *std::max_element(lanes_of_largest, lanes_of_largest + kTileUnits);
}

}  // namespace
}  // namespace udl
