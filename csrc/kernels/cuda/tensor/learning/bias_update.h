#pragma once
// Biases by the difference of both phases, and the force of the sparsity target: a warp a unit.
#include <cstdint>

#include "base/fixed.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/learning/learn.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// What a sum over rows of integers, of which `one` stands for 1, is multiplied by to be a mean.
UDL_DEVICE float mean_factor(float one, int n_rows) {
  return 1.0f / (one * static_cast<float>(n_rows));
}

class BiasUpdate {
 public:
  UDL_DEVICE explicit BiasUpdate(const LearnArguments& arguments)
      : s_(arguments), run_(*arguments.run), rows_{data_rows(run_), chain_rows(run_)} {}

  /// All units, `n_warps` warps that share them, of which this is one. Visible units come first.
  UDL_DEVICE void run(int warp, int n_warps) const {
    for (int unit = warp; unit < s_.n_visible + s_.n_hidden; unit += n_warps) {
      if (unit < s_.n_visible)
        visible(unit);
      else
        hidden(unit - s_.n_visible);
    }
  }

 private:
  UDL_DEVICE int words(int phase) const { return (rows_[phase] + kStateBits - 1) / kStateBits; }

  UDL_DEVICE void visible(int i) const {
    const int sums[2] = {ones(s_.visible_bits[kData], i, kData),
                         ones(s_.visible_bits[kChains], i, kChains)};
    if (threadIdx.x % 32 != 0) return;
    if (s_.mean_visible != nullptr) s_.mean_visible[i] = mean(sums[kData], 1.0f, kData);
    move(s_.visible_bias + i, s_.visible_velocity + i, difference(sums, 1.0f));
  }

  UDL_DEVICE void hidden(int j) const {
    const bool samples = s_.probabilities[kData] == nullptr;
    const float one = samples ? 1.0f : kProbabilityOne;
    int sums[2];
#pragma unroll
    for (int phase = 0; phase < 2; ++phase)
      sums[phase] = samples ? ones(s_.hidden_bits[phase], j, phase) : probability(j, phase);
    if (threadIdx.x % 32 != 0) return;
    float gradient = difference(sums, one);
    if (s_.force != nullptr) {
      s_.force[j] = sparsity_force(j, mean(sums[kData], one, kData));
      gradient += s_.force[j];
    }
    move(s_.hidden_bias + j, s_.hidden_velocity + j, gradient);
  }

  /// Rows in which a unit is on.
  UDL_DEVICE int ones(const uint32_t* bits, int unit, int phase) const {
    int sum = 0;
    for (int w = threadIdx.x % 32; w < words(phase); w += 32)
      sum += __popc(bits[static_cast<size_t>(unit) * s_.row_words + w]);
    return sum_of_lanes(sum);
  }

  /// Sum of a unit's probabilities; those beyond the rows are 0.
  UDL_DEVICE int probability(int unit, int phase) const {
    int sum = 0;
    for (int w = 0; w < words(phase); ++w)
      sum += s_.probabilities[phase][probability_offset(s_.row_words, unit, w * kStateBits) +
                                     threadIdx.x % 32];
    return sum_of_lanes(sum);
  }

  UDL_DEVICE float mean(int sum, float one, int phase) const {
    return static_cast<float>(sum) * mean_factor(one, rows_[phase]);
  }

  /// Integers are subtracted first where that is exact.
  UDL_DEVICE float difference(const int (&sums)[2], float one) const {
    if (rows_[kData] == rows_[kChains]) return mean(sums[kData] - sums[kChains], one, kData);
    return mean(sums[kData], one, kData) - mean(sums[kChains], one, kChains);
  }

  /// cost * (target - q), q the running mean of what the unit does.
  UDL_DEVICE float sparsity_force(int j, float mean_activation) const {
    const bool has_history = run_.minibatch > 0 || run_.has_mean_activation != 0;
    const float damping = run_.sparsity_damping, before = s_.mean_activation[j];
    const float q =
        has_history ? damping * before + (1.0f - damping) * mean_activation : mean_activation;
    s_.mean_activation[j] = q;
    return run_.sparsity_cost * (run_.sparsity_target - q);
  }

  UDL_DEVICE void move(float* bias, float* velocity, float gradient) const {
    const float step = run_.learning_rate * gradient, momentum = run_.momentum;
    const float change = momentum == 0 ? step : momentum * *velocity + step;
    *velocity = momentum == 0 ? 0.0f : change;
    *bias += change;
  }

  const LearnArguments& s_;
  const RunState& run_;
  const int rows_[2];
};

}  // namespace udl::cuda
