#pragma once
// Energies of states in double, of units of any kind but those that count words.
#include "runtime/rbm/plain/state.h"

namespace udl {

/// What n_visible visible states have of an energy alone.
double visible_energy(const PlainState& model, const double* visible);
/// E(v, h) of one pair of rows (base/units.h).
double joint_energy(const PlainState& model, const double* visible, const double* hidden);

}  // namespace udl
