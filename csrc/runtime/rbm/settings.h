#pragma once
// What callers decide about training and sampling. Plain values: a device reads them as they are.
#include <cstdint>

#include "base/sampling.h"

namespace udl {

/// Inverse temperatures of chains, which lie in blocks of rows, one block a temperature, beta = 1
/// first (runtime/rbm/steps/tempering/tempering.h).
struct Ladder {
  int64_t n_temperatures = 1;
  double beta_min = 1;
  /// Inverse temperatures between are those that the training before has left, if it has
  /// (runtime/rbm/steps/tempering/spacing.h); this one leaves others.
  bool adaptive = false;

  bool has_one() const { return n_temperatures == 1; }
  /// Evenly spaced from 1 down to beta_min; the float that activations see.
  float beta(int64_t t) const {
    if (t == 0) return 1.0f;
    const double part = static_cast<double>(t) / static_cast<double>(n_temperatures - 1);
    return static_cast<float>(1 - part * (1 - beta_min));
  }
};

struct TrainSettings {
  int64_t batch_size = 100;
  bool persistent = false;  ///< PCD instead of CD
  Ladder ladder;            ///< temperatures of persistent chains
  int64_t k = 1;            ///< Gibbs steps an update
  double learning_rate = 0.1;
  double momentum = 0;  ///< 0 keeps no velocity: momentum that starts later starts from rest
  double weight_decay = 0;
  double l1 = 0;
  double max_norm = 0;  ///< limit of the Euclidean norm of a hidden unit's weights; 0: none
  bool has_sparsity = false;
  double sparsity_target = 0, sparsity_cost = 0, sparsity_damping = 0.9;
  bool centered = false;            ///< the centred gradient (runtime/rbm/steps/centring.h)
  bool sample_visibles = true;      ///< false: the last reconstruction is a probability
  bool sampled_statistics = false;  ///< the gradient pairs sampled hidden states instead of
                                    ///< probabilities
  bool learn_sigma = true;          ///< of Gaussian visible units
  bool binarize_sample = false;     ///< real-valued rows are probabilities, binarised at every
                                    ///< presentation
  int64_t data_step = 0;            ///< minibatches presented before, the step of the `data` stream
};

/// Where the draws of a sampling call come from. Row r of the call is chain first_chain + r.
struct DrawSource {
  uint64_t seed;
  Stream stream;
  uint64_t step;
  uint32_t first_chain;

  // The draws of Gibbs step s: hidden units, then visible ones.
  UDL_HD DrawKey hidden(int64_t s = 0) const { return key(kHiddenLayer, s); }
  UDL_HD DrawKey visible(int64_t s = 0) const { return key(kVisibleLayer, s); }

 private:
  UDL_HD DrawKey key(uint32_t layer, int64_t s) const {
    return make_draw_key(seed, stream, layer, step + static_cast<uint64_t>(s));
  }
};

}  // namespace udl
