#pragma once
// Sums over the changes of a panel's weights, along both of its sides.
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Sixteen visible units at a time: their changes are read as rows for one side and as columns for
/// the other.
void bias_shifts(const PanelMove& move, float* hidden, float* visible) {
  f32x16 hidden_sum = broadcast(0.0f);
  for (int64_t first = 0; first < move.n_visible; first += kTileUnits) {
    alignas(64) float changes[kTileUnits * kTileUnits];
    for (int k = 0; k < kTileUnits; ++k) {
      const int64_t i = first + k;
      const f32x16 change = load(move.after + i * kTileUnits) - load(move.before + i * kTileUnits);
      hidden_sum = multiply_add(broadcast(move.visible_offset[i]), change, hidden_sum);
      store(changes + k * kTileUnits, change);
    }
    f32x16 visible_sum = broadcast(0.0f);
    for (int k = 0; k < kTileUnits; k += 4) {
      f32x16 columns[4];
      load_columns(changes + k, kTileUnits, columns);
      for (int c = 0; c < 4; ++c)
        visible_sum = multiply_add(broadcast(move.hidden_offset[k + c]), columns[c], visible_sum);
    }
    store(visible + first, visible_sum);
  }
  store(hidden, hidden_sum);
}

}  // namespace
}  // namespace udl
