#pragma once
// How biases learn: the difference of both phases with momentum, and the sparsity target, whose
// force acts on the weights as well.
#include <cstdint>

#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/train/rules/centring.h"
#include "runtime/rbm/train/statistics/phase.h"

namespace udl {

/// What the gradient of a panel's weights has beside the pairs of both phases.
class WeightTerms {
 public:
  void add(const OuterTerm& term) { terms_[count_++] = term; }
  void scale(float factor) {
    for (int t = 0; t < count_; ++t)
      for (float& value : terms_[t].hidden) value *= factor;
  }
  const OuterTerm* data() const { return terms_; }
  int count() const { return count_; }

 private:
  OuterTerm terms_[3];  ///< two of centring, one of sparsity
  int count_ = 0;
};

/// Biases of a tile by their gradient, with momentum.
void move_biases(Layer& layer, int64_t tile, const TileMeans& gradient,
                 const TrainSettings& settings);

class BiasRule {
 public:
  BiasRule(RbmState& state, const TrainSettings& settings, Centring& centring);

  /// Biases of a visible tile, whose gradient takes a factor; keeps what the terms of weights need.
  void update_visible(int64_t tile, bool first_batch, const TileStatistic& data,
                      const TileStatistic& model, float factor);
  /// Biases of a hidden tile by their gradient, after all visible ones. Returns the terms of its
  /// weights.
  WeightTerms update_hidden(int64_t tile, bool first_batch, const TileStatistic& data,
                            TileMeans gradient);

 private:
  float sparsity_force(int64_t j, float mean_activation, bool has_history);

  RbmState& state_;
  const TrainSettings& settings_;
  Centring& centring_;
  Buffer<float> mean_visible_;  ///< for the force of sparsity; of a centred model less offsets
};

}  // namespace udl
