#pragma once
// The scale of weights of which nothing is known: before the first minibatch of a call.
#include <cstdint>

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/tensor/run_state.h"

namespace udl::cuda {

/// Sets the scale of `run`, so that `rescale` makes images for its minibatch; or not_finite.
struct FindScaleArguments {
  RunState* run;         ///< run->exponent: where to look first
  const float* weights;  ///< [n_hidden][n_visible]
  int32_t n_visible, n_hidden;
  int32_t narrow;  ///< integers of 16 bits (base/fixed.h)
};
constexpr int kFindScaleThreads = 256;  ///< of the one block
extern const Kernel kFindScale;

}  // namespace udl::cuda
