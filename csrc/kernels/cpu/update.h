#pragma once
// The weight update of one panel, with the norms that fix the next fixed-point scale.
#include "kernels/cpu/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Norms of the new weights, gathered while they are in registers.
struct PanelNorms {
  f32x16 inverse_scale;
  i32x16 largest_bits = broadcast(0);
  i32x16 positive = broadcast(0), negative = broadcast(0);

  UDL_ALWAYS_INLINE void add(f32x16 weights, int32_t* row_norms) {
    const i32x16 zero = broadcast(0);
    largest_bits = max(largest_bits, magnitude_bits(weights));
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
    norms.add(updated, u.row_norms + i * kTileUnits);
  }
  store(u.column_norms, norms.positive);
  store(u.column_norms + kTileUnits, norms.negative);
  store(u.largest_bits, norms.largest_bits);
}

void update_panel(const PanelUpdate& u) {
  const bool decay = u.weight_decay != 0 || u.l1 != 0;
  if (u.velocity) return decay ? update_rows<true, true>(u) : update_rows<true, false>(u);
  decay ? update_rows<false, true>(u) : update_rows<false, false>(u);
}

}  // namespace
}  // namespace udl
