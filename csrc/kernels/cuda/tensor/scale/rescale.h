#pragma once
// Images of the weights' integers made anew, where their scale has changed.
#include <cstdint>

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/run_state.h"

namespace udl::cuda {

/// Images, which alias nothing, are written where run->rescaled is the minibatch at work.
struct RescaleArguments {
  const RunState* run;
  const float* weights;  ///< [n_hidden][n_visible]
  int32_t n_visible, n_hidden;
  uint8_t* to_hidden;
  uint8_t* to_visible;
};

constexpr int kRescaleUnits = 64;  ///< a block takes so many units of either layer
constexpr int kRescaleThreads = 256;
/// By bytes of an integer: three, two.
extern const Kernel kRescale[2];

}  // namespace udl::cuda
