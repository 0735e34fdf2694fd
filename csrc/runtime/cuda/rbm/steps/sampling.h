#pragma once
// Means, samples, Gibbs chains and free energies of rows of callers.
#include <utility>

#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/steps/half_step.h"
#include "runtime/rbm/engine.h"

namespace udl::cuda {

/// P(units of the layer | rows) into (rows, n_units).
void write_means(const DeviceRbmState& state, Towards layer, const Rows& rows, float* out);

Rows draw_samples(const DeviceRbmState& state, Towards layer, const Rows& rows,
                  const DrawKey& draws, uint32_t first_chain);

/// RbmEngine::gibbs.
std::pair<Rows, Rows> run_chains(const DeviceRbmState& state, const GibbsCall& call,
                                 const Run& run);

/// Sums of hidden units are made on the device, in float32; logarithms and what visible units have
/// are the host's, in the CPU engine's order.
void write_free_energies(const DeviceRbmState& state, const Rows& visible, double* out);

}  // namespace udl::cuda
