#pragma once
// Weights as floats and in halves (kernels/dense/halves.h).
#include "runtime/memory/panels.h"

namespace udl {

/// In place, all panels with what is padding in them: zeros have halves as well.
void split_weights(PanelMatrix& weights);
PanelMatrix joined_weights(const PanelMatrix& halves);
/// Whether no weight is infinite, or NaN, in products.
bool are_finite_halves(const PanelMatrix& halves);

}  // namespace udl
