#pragma once
// One update of the parameters by their gradient.
#include "runtime/dense/plain/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// Memory of another kind of optimiser is forgotten first.
template <class Real>
void update(PlainState<Real>& net, const PlainLayers<double>& gradient, const UpdateRule& rule,
            const Run& run);

/// Whether all parameters are numbers.
template <class Real>
bool is_finite(const PlainState<Real>& net);

}  // namespace udl
