#pragma once
// What moving weights does to the biases of a centred RBM.
#include <cstdint>

#include "base/view.h"

namespace udl {

/// Weights of a panel before and after an update, and the offsets of the units on both sides. All
/// are padded to whole tiles with zeros.
struct PanelMove {
  const float *before, *after;  ///< [n_visible][16]
  int64_t n_visible;
  const float* visible_offset;  ///< n_visible values
  const float* hidden_offset;   ///< [16]
};

struct CentringKernels {
  /// hidden[k] = sum over i of visible_offset[i] * (after - before)[i][k], and visible[i] = sum
  /// over k of hidden_offset[k] * (after - before)[i][k], padded to whole tiles; both in order,
  /// each product added with one rounding. Exact.
  void (*bias_shifts)(const PanelMove& move, float* hidden, float* visible);
};

}  // namespace udl
