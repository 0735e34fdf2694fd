#pragma once
// Means, samples, Gibbs chains and free energies of rows of callers.
#include <utility>

#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/steps/half_step.h"
#include "runtime/cuda/rbm/steps/tensor_sampler.h"
#include "runtime/rbm/engine.h"

namespace udl::cuda {

// By tensor cores where there is a sampler, which wants rows of bits; by plain kernels where it is
// null.

/// P(units of the layer | rows) into (rows, n_units).
void write_means(const DeviceRbmState& state, Towards layer, const Rows& rows, float* out,
                 TensorSampler* tensor);

Rows draw_samples(const DeviceRbmState& state, Towards layer, const Rows& rows,
                  const DrawKey& draws, uint32_t first_chain, TensorSampler* tensor);

/// RbmEngine::gibbs.
std::pair<Rows, Rows> run_chains(const DeviceRbmState& state, const GibbsCall& call, const Run& run,
                                 TensorSampler* tensor);

/// Sums of hidden units are made on the device, in float32; logarithms and what visible units have
/// are the host's, in the CPU engine's order.
void write_free_energies(const DeviceRbmState& state, const Rows& visible, double* out);

}  // namespace udl::cuda
