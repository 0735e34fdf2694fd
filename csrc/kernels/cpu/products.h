#pragma once
// Sums of active weights in both directions, and the gradient's sums of probabilities over the batch.
// All are table products; they differ only in the integer rows a table is built from.
#include "kernels/cpu/table_product.h"

namespace udl {
namespace {

UDL_ALWAYS_INLINE i32x16 quantise(f32x16 weights, f32x16 inverse_scale) { return round_to_int(weights * inverse_scale); }

/// Integer rows that lie in memory one after the other.
struct HiddenRows {
  const float* weights;
  f32x16 inverse_scale;

  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const { return quantise(load(weights + k * kTileUnits), inverse_scale); }
  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
};

void hidden_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& visible, int32_t* scratch, int32_t* sums) {
  const float* panel = weights.panel(tile);
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  table_product(visible, false, scratch, sums,
                [&](int64_t first, int32_t*) { return HiddenRows{panel + first * kTileUnits, inverse_scale}; });
}

/// The same panels serve the other direction: four hidden units are four neighbouring lanes, transposed
/// as they are read, so no second copy of the weights exists.
///
/// A panel gives 16 cache lines, then the walk jumps to the next panel, too far for the hardware to
/// foresee: while one panel is read the lines of the next are asked for.
struct VisibleRows {
  const WeightPanelsView& weights;
  f32x16 inverse_scale;
  int64_t tile, first;
  int32_t* staging;

  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    const int64_t unit = first + k, lane = unit % kTileUnits;
    const float* corner = weights.panel(unit / kTileUnits) + tile * kTileUnits * kTileUnits;
    const float* next = corner + weights.panel_stride() + lane * kTileUnits;
    for (int line = 0; line < 4; ++line) prefetch(next + line * kTileUnits);
    f32x16 columns[4];
    load_columns(corner + lane, kTileUnits, columns);
    for (int b = 0; b < 4; ++b) out[b] = quantise(columns[b], inverse_scale);
  }
  void stage() const {
    for (int64_t k = 0; k < kWordBits; k += 4) {
      i32x16 rows[4];
      four(k, rows);
      for (int b = 0; b < 4; ++b) store(staging + (k + b) * kTileUnits, rows[b]);
    }
  }
  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const { return load(staging + k * kTileUnits); }
};

void visible_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& hidden, int32_t* scratch, int32_t* sums) {
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  table_product(hidden, false, scratch, sums,
                [&](int64_t first, int32_t* staging) { return VisibleRows{weights, inverse_scale, tile, first, staging}; });
}

/// Probabilities of the batch, or their negatives: `flip` is 0 or all ones (two's complement).
struct GradientRows {
  const int32_t* probabilities;
  i32x16 flip;

  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const { return (load(probabilities + k * kTileUnits) ^ flip) - flip; }
  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
};

void gradient_sums(const BitMatrixView& units, const int32_t* probabilities_fixed, int sign, bool accumulate, int32_t* scratch, int32_t* sums) {
  const i32x16 flip = broadcast(sign > 0 ? 0 : -1);
  table_product(units, accumulate, scratch, sums,
                [&](int64_t first, int32_t*) { return GradientRows{probabilities_fixed + first * kTileUnits, flip}; });
}

}  // namespace
}  // namespace udl
