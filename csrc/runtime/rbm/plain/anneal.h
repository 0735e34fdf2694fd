#pragma once
#include "runtime/rbm/engine.h"
#include "runtime/rbm/plain/state.h"

namespace udl {

/// What evaluate/ais.h does for Bernoulli units, run after run in double, for hidden units of any
/// kind and visible ones of any that do not count words.
///
/// At beta the model has the energy of the visible units (1 - beta) of that with the biases of the
/// base, which has no weights, plus beta of the model's, and hidden units the inputs beta x: their
/// own h^2 / 2 stays as it is, so that all distributions between exist.
void anneal_plain(const PlainState& model, const AnnealCall& call, const double* base_bias,
                  double* log_weights, const Run& run);

}  // namespace udl
