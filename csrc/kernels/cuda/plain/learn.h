#pragma once
// What a minibatch changes. Sums and the order of roundings are those of the CPU's training, in
// runtime/rbm/train/ (statistics/gradient.cpp, statistics/phase.cpp, rules/bias_rule.cpp) and
// kernels/rbm/update.h.
#include <cstdint>

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/plain/states.h"

namespace udl::cuda::plain {

/// Hidden units of one phase, one of three not null: P(h | v) in fixed point, the same as floats,
/// or drawn states.
struct HiddenStates {
  const uint16_t* fixed;  ///< [row][n_hidden]
  const float* means;     ///< [row][n_hidden]
  const uint32_t* bits;   ///< [row][state_words(n_hidden)]

  UDL_HD bool is_exact() const { return means == nullptr; }
};

/// Both layers over the rows of a phase.
struct Phase {
  States visible;
  HiddenStates hidden;

  UDL_HD int64_t rows() const { return visible.rows; }
};

struct LearningRates {
  float learning_rate, momentum, weight_decay, l1;
};

/// Biases of one layer. A thread a unit.
struct BiasArguments {
  float *bias, *velocity;
  int64_t n_units;
  bool hidden;  ///< which layer of the phases
  Phase data, model;
  LearningRates rates;
  /// Of visible units: null, or where the mean of the data goes. Of hidden units: null, or the
  /// force of the sparsity target, which is written and added to the gradient.
  float *mean, *force;
  float* mean_activation;  ///< of hidden units with a target: the running mean
  bool has_history;        ///< whether there is one yet
  float sparsity_target, sparsity_cost, sparsity_damping;
};
extern const Kernel kLearnBiases;

/// Weights. A thread a weight.
struct WeightArguments {
  float* weights;   ///< [n_hidden][n_visible]
  float* velocity;  ///< like weights; null when momentum is 0
  int64_t n_visible, n_hidden;
  Phase data, model;
  bool joined;           ///< one difference of integers instead of two means
  bool narrow;           ///< probabilities of ten bits, rounded at offsets of rows
  int32_t first_offset;  ///< narrow: that of row 0
  LearningRates rates;
  /// Both null, or of the sparsity target: force[j] * mean_visible[i] is added.
  const float *mean_visible, *force;
};
extern const Kernel kLearnWeights;

}  // namespace udl::cuda::plain
