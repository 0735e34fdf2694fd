#pragma once
// Rules of updates in the words of kernels.
#include "runtime/dense/fast/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// Memory of another kind of optimiser is forgotten.
void prepare_memory(FastState& net, const UpdateRule& rule);
/// At update t of Adam's memory, the first being 1.
OptimizerStep optimizer_step(const UpdateRule& rule, const Objective& objective, int64_t t);
/// Sums of gradients instead of steps.
OptimizerStep accumulating_step();

/// One update by a gradient that is there.
void update_by(FastState& net, FastLayers& gradient, const UpdateRule& rule,
               const Objective& objective, const Run& run);

/// What Objective adds to losses for its weights.
double weight_penalties(const FastState& net, const Objective& objective);
/// The gradient with that of these penalties, in the order of NetEngine::get_parameters.
void copy_gradient(const FastState& net, const FastLayers& gradient, const Objective& objective,
                   double* flat);

}  // namespace udl
