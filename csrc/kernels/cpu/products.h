#pragma once
// Sums of active weights in both directions, and the gradient's sums of probabilities over the batch.
// All are table products; they differ only in the integer rows a table is built from.
#include "kernels/cpu/table_product.h"

namespace udl {
namespace {

UDL_ALWAYS_INLINE i32x16 quantise(f32x16 weights, f32x16 inverse_scale) { return round_to_int(weights * inverse_scale); }

void hidden_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& visible, int32_t* tables, int32_t* sums) {
  const float* panel = weights.panel(tile);
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  table_product(visible, false, tables, sums, [&](int64_t group, int32_t* table) {
    const float* row = panel + group * kGroupBits * kTileUnits;
    build_table(table, quantise(load(row), inverse_scale), quantise(load(row + kTileUnits), inverse_scale),
                quantise(load(row + 2 * kTileUnits), inverse_scale), quantise(load(row + 3 * kTileUnits), inverse_scale));
  });
}

/// A panel gives this direction 16 lines, then the walk jumps to the next panel, too far for the hardware
/// to foresee: each of the panel's four groups asks for four of the next 16 lines.
UDL_ALWAYS_INLINE void prefetch_next_panel(const float* corner, int64_t panel_stride, int64_t lane) {
  const float* next = corner + panel_stride - lane + lane * kTileUnits;
  for (int line = 0; line < 4; ++line) prefetch(next + line * kTileUnits);
}

/// The same panels serve this direction: four hidden units are four neighbouring lanes, transposed
/// while the table is built, so no second copy of the weights exists.
void visible_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& hidden, int32_t* tables, int32_t* sums) {
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  table_product(hidden, false, tables, sums, [&](int64_t group, int32_t* table) {
    const int64_t unit = group * kGroupBits;
    const float* corner = weights.panel(unit / kTileUnits) + tile * kTileUnits * kTileUnits + unit % kTileUnits;
    prefetch_next_panel(corner, weights.panel_stride(), unit % kTileUnits);
    f32x16 columns[4];
    load_columns(corner, kTileUnits, columns);
    build_table(table, quantise(columns[0], inverse_scale), quantise(columns[1], inverse_scale),
                quantise(columns[2], inverse_scale), quantise(columns[3], inverse_scale));
  });
}

void gradient_sums(const BitMatrixView& units, const int32_t* probabilities_fixed, int sign, bool accumulate, int32_t* tables, int32_t* sums) {
  const i32x16 zero = broadcast(0);
  table_product(units, accumulate, tables, sums, [&](int64_t group, int32_t* table) {
    const int32_t* row = probabilities_fixed + group * kGroupBits * kTileUnits;
    i32x16 p[4];
    for (int k = 0; k < 4; ++k) p[k] = sign > 0 ? load(row + k * kTileUnits) : zero - load(row + k * kTileUnits);
    build_table(table, p[0], p[1], p[2], p[3]);
  });
}

}  // namespace
}  // namespace udl
