#pragma once
// Pseudo-likelihoods above which hidden units are real numbers: the sum over them of L(y) - L(x),
// L being what a unit adds to minus the free energy, x its input and y that after a flip.
#include "kernels/cpu/rbm/flips.h"
#include "kernels/cpu/rbm/units/relu.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// L = x^2 / 2.
struct GaussianFlips {
  static UDL_ALWAYS_INLINE void respond(f32x16 x, float* response) { store(response, x); }

  static UDL_ALWAYS_INLINE void change(const float* response, f32x16 step, FlipProduct& out) {
    out.linear = out.linear + step * (load(response) + broadcast(0.5f) * step);
  }
};

/// L = max(x, 0)^2 / 2 + log(ratio), where the ratio is between 1.2 and 2.6 above 0 and falls as
/// 1 / |x| below.
struct ReluFlips {
  static UDL_ALWAYS_INLINE void respond(f32x16 x, float* response) {
    store(response, x);
    store(response + kTileUnits, relu_ratio(x));
  }

  static UDL_ALWAYS_INLINE void change(const float* response, f32x16 step, FlipProduct& out) {
    const f32x16 zero = broadcast(0.0f), x = load(response), y = x + step;
    const f32x16 half = broadcast(0.5f), before = max(x, zero), after = max(y, zero);
    // Above 0 on both sides without the difference of large squares.
    out.linear =
        out.linear + where_less(min(x, y), zero, half * (after - before) * (after + before),
                                step * (x + half * step));
    out.mantissa = out.mantissa * (relu_ratio(y) / load(response + kTileUnits));
    out.rescale();
  }
};

template <class Units>
void real_flip_responses(const UnitInput& in, int64_t row_stride, float* responses) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias);
  for (int64_t r = 0; r < in.rows; ++r) {
    const f32x16 sum =
        in.sums ? to_float(load(in.sums + r * kTileUnits)) : load(in.float_sums + r * kTileUnits);
    Units::respond(sum * scale + bias, responses + r * row_stride);
  }
}

template <class Units>
void real_flip_log_probabilities(const FlipTables& tables, const FlipRow& row,
                                 const float* visible_bias, float* out) {
  alignas(64) float directions[kTileUnits];
  FlipLanes lanes;
  for (int64_t unit = 0; unit < kTileUnits; ++unit) {
    const float value = row.values ? row.values[unit] : static_cast<float>(row.bits >> unit & 1);
    directions[unit] = 1.0f - 2.0f * value;
    const float* weights = tables.row(unit, 2);
    FlipProduct product;
    for (int64_t p = 0; p < tables.n_panels; ++p)
      Units::change(row.responses + p * kResponseSize,
                    broadcast(directions[unit]) * load(weights + p * kTileUnits), product);
    lanes.put(unit, product);
  }
  const f32x16 losses = flip_losses(lanes, load(directions) * load(visible_bias));
  store(out, broadcast(0.0f) - losses);
}

template <class Units>
constexpr HiddenFlipKernels real_flips() {
  return {real_flip_responses<Units>, real_flip_log_probabilities<Units>};
}

}  // namespace
}  // namespace udl
