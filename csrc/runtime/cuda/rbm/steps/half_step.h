#pragma once
// One layer given the other, in a device's memory.
#include <cstdint>

#include "base/sampling.h"
#include "kernels/cuda/plain/half_step.h"
#include "runtime/cuda/rbm/model/state.h"

namespace udl::cuda {

enum class Towards : uint8_t { hidden, visible };

/// What is written of the units; null where it is not wanted.
struct HalfStepOutput {
  uint32_t* samples = nullptr;
  float* means = nullptr;
  uint16_t* means_fixed = nullptr;
  DrawKey draws{};  ///< of samples
  uint32_t first_chain = 0;
};

/// What the layer is given by states of the other, at an inverse temperature: of the model whose
/// energy is beta times this one's.
plain::LayerInput layer_input(const DeviceRbmState& state, Towards layer, const plain::States& from,
                              float beta = 1);

/// Of at least one row.
void half_step(const DeviceRbmState& state, Towards layer, const plain::States& from,
               const HalfStepOutput& to, float beta = 1);

}  // namespace udl::cuda
