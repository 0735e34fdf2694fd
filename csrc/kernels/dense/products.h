#pragma once
// Products of a layer's weights with the units on either side, and what follows in the same pass.
#include <cstdint>

#include "base/nets.h"
#include "base/view.h"

namespace udl {

/// Weights in panels of 16 outputs: W[output 16 t + k][input i] at
/// panels[t * panel_stride + 16 i + k]. Lanes of missing outputs and rows of missing inputs are 0.
/// For products of bfloat16 numbers a panel is in halves (halves.h).
struct DenseWeights {
  const float* panels;
  int64_t n_inputs, n_outputs;

  int64_t panel_stride() const { return kTileUnits * round_up(n_inputs, kTileUnits); }
};

/// Values of units, in panels.
template <class Value>
struct PanelsView {
  Value* values;
  int64_t panel_stride;

  Value* panel(int64_t t) const { return values + t * panel_stride; }
};
using UnitPanels = PanelsView<float>;
using ConstUnitPanels = PanelsView<const float>;

/// What becomes of the sums of a product while they lie in a core's first cache: the activation of
/// a layer, y = f((sum + bias) + noise), or where `outputs` are given what its error is before it,
/// (sum * scale + term) * f'(x) as a function of y. Null pointers are left out.
struct DenseFinish {
  Activation activation;  ///< not softmax
  int64_t n_units;        ///< of the layer that is written: lanes beyond become 0

  const float* bias;  ///< of all units, padded to whole panels
  ConstUnitPanels noise;

  ConstUnitPanels outputs;  ///< y
  ConstUnitPanels scales;   ///< what y was multiplied with on its way to the next layer
  const float* term;        ///< of all units, padded: the same for all rows
};

/// Weights that were packed beforehand (Bfloat16Kernels::pack_transposed); null: by whoever needs
/// them.
struct PairedWeights {
  const float* panels;
  int64_t panel_stride;
};

/// Panels first_panel .. first_panel + n_panels - 1 of `out`, rows first_row .. first_row +
/// n_rows - 1.
struct DenseProduct {
  DenseWeights weights;
  ConstUnitPanels values;
  UnitPanels out;
  int64_t first_panel, n_panels;
  int64_t first_row, n_rows;
  DenseFinish finish;
  float* scratch;        ///< to_inputs only: kStripScratch floats
  PairedWeights paired;  ///< the same of bfloat16 numbers
};

constexpr int64_t kTaskPanels = 2;  ///< panels of a product that are computed at a time
/// Weights of kTaskPanels with up to 512 units, transposed.
constexpr int64_t kStripScratch = kTaskPanels * 512 * kTileUnits;

struct DenseProductKernels {
  /// out[r][n] = finish(sum over inputs i, in order, of values[r][i] * W[n][i]). Exact.
  void (*to_outputs)(const DenseProduct& product);

  /// out[r][i] = finish(sum over outputs n, in order, of values[r][n] * W[n][i]). Exact.
  void (*to_inputs)(const DenseProduct& product);
};

}  // namespace udl
