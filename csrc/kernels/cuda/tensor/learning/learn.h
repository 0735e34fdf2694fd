#pragma once
// What a minibatch changes, in one kernel: the gradient of both phases by tensor cores, weights,
// their integers in images of both directions, biases, and the scale of the next minibatch.
#include <cstdint>

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/run_state.h"
#include "kernels/cuda/tensor/sampling/half_step.h"

namespace udl::cuda {

/// The two phases of a gradient, as indices.
constexpr int kData = 0, kChains = 1;

/// At most kMaxRowsPerSum rows a phase (base/fixed.h). Nothing aliases.
struct LearnArguments {
  RunState* run;
  const uint32_t* visible_bits[2];   ///< unit by unit, row_words words each; 0 beyond the rows
  const uint16_t* probabilities[2];  ///< of hidden units (probability_offset), or null:
  const uint32_t* hidden_bits[2];    ///< their samples, unit by unit, are what is counted
  int32_t row_words;                 ///< state_stride of the most rows of either phase
  int32_t n_visible, n_hidden;
  float* weights;      ///< [n_hidden][n_visible]
  float* velocity;     ///< the same; null where there is no momentum
  uint8_t* to_hidden;  ///< images of the weights' integers (layout.h)
  uint8_t* to_visible;
  unsigned long long* hidden_norms;   ///< [n_hidden][2]: sums of positive and of negative
  unsigned long long* visible_norms;  ///< integers of a unit; 0 between minibatches
  float *hidden_bias, *visible_bias;
  float *hidden_velocity, *visible_velocity;
  float* mean_activation;  ///< [n_hidden], for the sparsity target, or null
  float* mean_visible;     ///< [n_visible] and [n_hidden]: what the sparsity target
  float* force;            ///< adds to the gradient of weights; null without one
  float* chain_means;      ///< room for a float a weight of whole tiles, where both
                           ///< phases may differ in their number of rows
};

/// Visible and hidden units of a tile.
struct LearnShape {
  int visible, hidden, threads;
  int stage_bytes(bool sampled) const {
    return visible * kByteRow + hidden * (sampled ? kByteRow : 2 * kChunkUnits);
  }
  /// Of integers on their way into images.
  int integer_bytes() const { return hidden * (visible + 4) * static_cast<int>(sizeof(int32_t)); }
};
constexpr int kLearnStages = 4;
constexpr int kLearnShapeCount = 2;
constexpr LearnShape kLearnShapes[kLearnShapeCount] = {{128, 64, 256}, {64, 64, 128}};

/// By shape, then by bytes of an integer (three, two), then by what is counted: means, samples.
/// Blocks: tiles, of visible units first; behind them any number that move biases, which is 0 where
/// `force` is not null: kLearnBiases goes before then.
extern const Kernel kLearn[kLearnShapeCount][2][2];
/// Blocks of kLearnBiasThreads, any number of them.
extern const Kernel kLearnBiases;
constexpr int kLearnBiasThreads = 256;

}  // namespace udl::cuda
