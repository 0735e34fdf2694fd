#pragma once
// What models are asked, by tensor cores: means and samples of a layer given the bits of the other.
// Integer sums are exact, so that every shape of tiles and every CPU target give the same bits.
#include <cstdint>

#include "base/sampling.h"
#include "kernels/cuda/kernel.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/sampling/half_step.h"

namespace udl::cuda {

/// x = scale * sum + bias_factor * bias. Aliasing: none but among what is read. Whatever is null is
/// not written.
struct InferenceArguments {
  /// Bits of the other layer, row by row, state_stride(n_summed) words each; none beyond n_summed.
  const uint32_t* states;
  const uint8_t* images;  ///< integer weights towards this layer (layout.h)
  const float* bias;      ///< [n_units]
  int32_t n_rows, n_summed, n_units;
  float scale, bias_factor;  ///< 2^e and 1, both times an inverse temperature
  DrawKey draws;             ///< of samples
  /// Steps by which the draws are later, so that a graph of steps is replayed as it is; null: none.
  const uint64_t* steps_done;
  uint32_t first_chain;  ///< chain of row 0
  uint32_t* samples;     ///< [row][state_stride(n_units)]: words of whole tiles are written
  float* means;          ///< [row][n_units]
};

/// Tiles, and blocks of them, are those of kHalfSteps; by bytes of an integer: three, two.
extern const Kernel kInfer[kHalfStepShapeCount][2];

/// *steps_done += n_steps. One thread.
struct AdvanceArguments {
  uint64_t* steps_done;
  uint64_t n_steps;
};
extern const Kernel kAdvance;

}  // namespace udl::cuda
