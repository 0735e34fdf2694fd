#pragma once
// The weight update of one panel, with the norms that fix the next fixed-point scale.
#include <algorithm>

#include "kernels/cpu/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Norms of the new weights, gathered while they are in registers.
struct PanelNorms {
  f32x16 inverse_scale;
  i32x16 largest_bits = broadcast(0);
  i32x16 positive = broadcast(0), negative = broadcast(0);

  UDL_ALWAYS_INLINE void add_largest(f32x16 weights) { largest_bits = max(largest_bits, magnitude_bits(weights)); }

  UDL_ALWAYS_INLINE void add_half_norms(f32x16 weights, int32_t* row_norms) {
    const i32x16 zero = broadcast(0);
    const i32x16 z = round_to_int(weights * inverse_scale);
    const i32x16 up = shift_right_logical<kNormShift>(max(z, zero));
    const i32x16 down = shift_right_logical<kNormShift>(max(zero - z, zero));
    positive = positive + up;
    negative = negative + down;
    store(row_norms, load(row_norms) + pair_sums(up, down));
  }
};

UDL_ALWAYS_INLINE f32x16 panel_gradient(const PanelUpdate& u, int64_t i, f32x16 factor) {
  f32x16 g = broadcast(0.0f);
  if (u.sums) g = to_float(load(u.sums + i * kTileUnits)) * factor;
  if (u.float_sums) g = g + load(u.float_sums + i * kTileUnits);
  for (int t = 0; t < u.n_terms; ++t) g = g + broadcast(u.terms[t].visible[i]) * load(u.terms[t].hidden);
  return g;
}

template <bool kMomentum, bool kDecay>
void update_rows(const PanelUpdate& u) {
  const f32x16 factor = broadcast(u.sums_factor), rate = broadcast(u.learning_rate), momentum = broadcast(u.momentum);
  const f32x16 decay = broadcast(u.weight_decay), l1 = broadcast(u.l1);
  PanelNorms norms{broadcast(u.inverse_scale)};
  for (int64_t i = 0; i < u.n_visible; ++i) {
    float* weights = u.weights + i * kTileUnits;
    const f32x16 w = load(weights);
    f32x16 g = panel_gradient(u, i, factor);
    if constexpr (kDecay) g = g - decay * w - l1 * sign(w);
    f32x16 step = rate * g;
    if constexpr (kMomentum) {
      step = momentum * load(u.velocity + i * kTileUnits) + step;
      store(u.velocity + i * kTileUnits, step);
    }
    const f32x16 updated = w + step;
    store(weights, updated);
    norms.add_largest(updated);
    if (u.row_norms) norms.add_half_norms(updated, u.row_norms + i * kTileUnits);
  }
  store(u.largest_bits, norms.largest_bits);
  if (!u.row_norms) return;
  store(u.column_norms, norms.positive);
  store(u.column_norms + kTileUnits, norms.negative);
}

void update_panel(const PanelUpdate& u) {
  const bool decay = u.weight_decay != 0 || u.l1 != 0;
  if (u.velocity) return decay ? update_rows<true, true>(u) : update_rows<true, false>(u);
  decay ? update_rows<false, true>(u) : update_rows<false, false>(u);
}

/// Sum of the partial norms of a row; rows beyond the end are zero.
UDL_ALWAYS_INLINE i32x16 total_row_norm(const int32_t* const* row_norms, int n_partials, int64_t row, int64_t n_rows) {
  i32x16 sum = broadcast(0);
  for (int p = 0; row < n_rows && p < n_partials; ++p) sum = sum + load(row_norms[p] + row * kTileUnits);
  return sum;
}

/// Four rows at a time: after the transpose of quarters, quarter k of the sum belongs to row k.
int64_t largest_row_norm(const int32_t* const* row_norms, int n_partials, int64_t n_visible) {
  int64_t largest = 0;
  for (int64_t first = 0; first < n_visible; first += 4) {
    i32x16 rows[4];
    for (int k = 0; k < 4; ++k) rows[k] = total_row_norm(row_norms, n_partials, first + k, n_visible);
    transpose_quarters(rows);
    int32_t lanes_of_rows[kTileUnits];
    store(lanes_of_rows, rows[0] + rows[1] + rows[2] + rows[3]);
    for (int k = 0; k < kTileUnits; k += 2) largest = std::max(largest, int64_t{lanes_of_rows[k]} + lanes_of_rows[k + 1]);
  }
  return largest;
}

}  // namespace
}  // namespace udl
