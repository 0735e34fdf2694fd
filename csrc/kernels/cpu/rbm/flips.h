#pragma once
// Pseudo-likelihoods: products over the hidden units of what a flip changes.
#include <algorithm>
#include <cmath>

#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

constexpr int kFlipUnits = 4;  // whose products are in registers at a time
/// Factors between 1/2 and 2 that a product takes before its exponent is split off.
constexpr int64_t kPanelsOfHalves = 32;
/// A product that starts below 2 stays a normal number while its factors lie within e^-85 and e^85.
constexpr float kLogOfRange = 85.0f;

void flip_responses(const UnitInput& in, int64_t row_stride, float* responses) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias), one = broadcast(1.0f);
  const f32x16 most = broadcast(kLargestFlipInput), least = broadcast(-kLargestFlipInput);
  for (int64_t r = 0; r < in.rows; ++r) {
    const f32x16 sum =
        in.sums ? to_float(load(in.sums + r * kTileUnits)) : load(in.float_sums + r * kTileUnits);
    const f32x16 x = sum * scale + bias, bounded = max(min(x, most), least);
    float* out = responses + r * row_stride;
    store(out, one / (one + exp_negative(bounded)));
    store(out + kTileUnits, one / (one + exp_negative(broadcast(0.0f) - bounded)));
    store(out + 2 * kTileUnits, x);
  }
}

/// Weights of one visible unit with a panel as the sums take them.
UDL_ALWAYS_INLINE void weights_of_sums(const float* weights, float inverse_scale, bool real,
                                       float* out) {
  f32x16 w = load(weights);
  if (!real)
    w = to_float(round_to_int(w * broadcast(inverse_scale))) * broadcast(1 / inverse_scale);
  store(out, w);
}

FlipTables flip_tables(const WeightPanelsView& weights, int64_t tile, bool real, float* values) {
  const int64_t n_panels = divide_up(weights.n_hidden, kTileUnits), length = n_panels * kTileUnits;
  const f32x16 one = broadcast(1.0f);
  float largest = 0;
  bool any_apart = false;
  for (int64_t unit = 0; unit < kTileUnits; ++unit) {
    float* row = values + unit * FlipTables::kRows * length;
    for (int64_t p = 0; p < n_panels; ++p, row += kTileUnits) {
      alignas(64) float in_table[kTileUnits], apart[kTileUnits];
      weights_of_sums(weights.panel(p) + (tile * kTileUnits + unit) * kTileUnits,
                      weights.inverse_scale, real, in_table);
      for (int k = 0; k < kTileUnits; ++k) {
        const float w = in_table[k], size = std::fabs(w);
        const bool is_apart = real || size > kLargestFlipWeight;
        apart[k] = is_apart ? w : 0.0f;
        in_table[k] = is_apart ? 0.0f : w;
        largest = is_apart ? largest : std::max(largest, size);
        any_apart |= apart[k] != 0.0f;
      }
      const f32x16 inverse = exp_negative(load(in_table));
      store(row, one / inverse);
      store(row + length, inverse);
      store(row + 2 * length, load(apart));
    }
  }
  const float fit = kLogOfRange / std::max(largest, 0.01f);
  return {values, n_panels, static_cast<int64_t>(fit), any_apart};
}

/// A product as mantissa * 2^exponent * e^linear, lane by lane.
struct FlipProduct {
  f32x16 mantissa = broadcast(1.0f);
  i32x16 exponent = broadcast(0);
  f32x16 linear = broadcast(0.0f);

  /// A mantissa between 1 and 2.
  UDL_ALWAYS_INLINE void rescale() {
    const i32x16 bits = magnitude_bits(mantissa);
    const i32x16 power = shift_right_logical<23>(bits) - broadcast(127);
    exponent = exponent + power;
    mantissa = float_from_bits(bits - shift_left<23>(power));
  }
};

/// Several units at once: the loads of h and q serve all.
UDL_ALWAYS_INLINE void multiply_by_tables(const FlipTables& tables, const float* responses,
                                          const float* const (&factors)[kFlipUnits],
                                          FlipProduct (&out)[kFlipUnits]) {
  for (int64_t first = 0; first < tables.n_panels; first += tables.panels_per_rescale) {
    const int64_t end = std::min(tables.n_panels, first + tables.panels_per_rescale);
    for (int64_t p = first; p < end; ++p) {
      const f32x16 h = load(responses + p * kResponseSize);
      const f32x16 q = load(responses + p * kResponseSize + kTileUnits);
      for (int u = 0; u < kFlipUnits; ++u)
        out[u].mantissa = out[u].mantissa * (h * load(factors[u] + p * kTileUnits) + q);
    }
    for (int u = 0; u < kFlipUnits; ++u) out[u].rescale();
  }
}

/// The weights that are in no table.
UDL_ALWAYS_INLINE void multiply_apart(const float* weights, int64_t n_panels,
                                      const float* responses, float direction, FlipProduct& out) {
  const f32x16 zero = broadcast(0.0f), one = broadcast(1.0f), d = broadcast(direction);
  for (int64_t p = 0; p < n_panels; ++p) {
    const float* response = responses + p * kResponseSize;
    const f32x16 x = load(response + 2 * kTileUnits);
    const f32x16 y = x + d * load(weights + p * kTileUnits);
    const f32x16 before = max(load(response), load(response + kTileUnits));
    out.mantissa = out.mantissa * ((one + exp_negative(magnitude(y))) * before);
    out.linear = out.linear + (max(y, zero) - max(x, zero));
    if (p % kPanelsOfHalves == kPanelsOfHalves - 1) out.rescale();
  }
  out.rescale();
}

/// The products of sixteen units, their lanes still apart.
struct FlipLanes {
  alignas(64) float mantissas[kTileUnits * kTileUnits];
  alignas(64) float exponents[kTileUnits * kTileUnits];
  alignas(64) float linear[kTileUnits * kTileUnits];

  UDL_ALWAYS_INLINE void put(int64_t unit, const FlipProduct& product) {
    store(mantissas + unit * kTileUnits, product.mantissa);
    store(exponents + unit * kTileUnits, to_float(product.exponent));
    store(linear + unit * kTileUnits, product.linear);
  }
};

/// Lanes in order: combine(total, lane of all units).
template <class Combine>
UDL_ALWAYS_INLINE f32x16 over_lanes(const float* lanes, f32x16 total, Combine&& combine) {
  for (int first = 0; first < kTileUnits; first += 4) {
    f32x16 four[4];
    load_columns(lanes + first, kTileUnits, four);
    for (int k = 0; k < 4; ++k) total = combine(total, four[k]);
  }
  return total;
}

/// log(1 + e^z) of what the lanes of each unit come to.
UDL_ALWAYS_INLINE f32x16 flip_losses(const FlipLanes& lanes, f32x16 bias_change) {
  const auto times = [](f32x16 a, f32x16 b) { return a * b; };
  const auto plus = [](f32x16 a, f32x16 b) { return a + b; };
  const f32x16 zero = broadcast(0.0f), one = broadcast(1.0f);
  // Sixteen mantissas between 1 and 2: below 2^16.
  const f32x16 mantissa = over_lanes(lanes.mantissas, one, times);
  const f32x16 exponent = over_lanes(lanes.exponents, zero, plus);
  const f32x16 linear = over_lanes(lanes.linear, zero, plus);
  const f32x16 z = (log_scaled(mantissa, exponent) + linear) + bias_change;
  return max(z, zero) + log_scaled(one + exp_negative(magnitude(z)), zero);
}

void flip_log_probabilities(const FlipTables& tables, const FlipRow& row, const float* visible_bias,
                            float* out) {
  alignas(64) float directions[kTileUnits];
  FlipLanes lanes;
  for (int64_t first = 0; first < kTileUnits; first += kFlipUnits) {
    FlipProduct products[kFlipUnits];
    const float* factors[kFlipUnits];
    for (int u = 0; u < kFlipUnits; ++u) {
      const int64_t unit = first + u;
      const int bit = row.bits >> unit & 1;
      factors[u] = tables.row(unit, bit);
      directions[unit] = 1.0f - 2.0f * (row.values ? row.values[unit] : static_cast<float>(bit));
    }
    if (row.values == nullptr) multiply_by_tables(tables, row.responses, factors, products);
    for (int u = 0; u < kFlipUnits; ++u) {
      const int64_t unit = first + u;
      if (tables.any_apart)
        multiply_apart(tables.row(unit, 2), tables.n_panels, row.responses, directions[unit],
                       products[u]);
      lanes.put(unit, products[u]);
    }
  }
  const f32x16 losses = flip_losses(lanes, load(directions) * load(visible_bias));
  store(out, broadcast(0.0f) - losses);
}

}  // namespace
}  // namespace udl
