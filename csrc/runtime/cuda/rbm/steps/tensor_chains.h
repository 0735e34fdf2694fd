#pragma once
// Gibbs chains on tensor cores: graphs of steps, without an allocation or a wait inside but where
// somebody may want to end them early.
#include <cstdint>

#include "runtime/cuda/rbm/steps/inference.h"
#include "runtime/cuda/rbm/steps/tensor_sampler.h"
#include "runtime/threads/run.h"

namespace udl::cuda {

/// TensorSampler::run_chains, given the integers of the weights.
void run_tensor_chains(const DeviceRbmState& state, const WeightImages& images,
                       std::optional<TileSize> tiles, const ChainsOnDevice& chains, const Run& run);

}  // namespace udl::cuda
