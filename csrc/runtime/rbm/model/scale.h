#pragma once
// The fixed-point scale of weights (base/fixed.h), found from the weights alone.
#include "runtime/memory/panels.h"

namespace udl {

/// The scale exponent: a pure function of the weights. `narrow` asks for the one of 16-bit tables.
/// Throws if a weight is not finite.
int weight_scale_exponent(const PanelMatrix& weights, bool narrow);

}  // namespace udl
