#pragma once
// How biases learn: the difference of both phases with momentum, and the sparsity target, whose
// force acts on the weights as well.
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/train/phase.h"

namespace udl {

class BiasRule {
 public:
  BiasRule(RbmState& state, const TrainSettings& settings);

  /// Biases of a visible tile; keeps the means of the data for the force of sparsity.
  void update_visible(int64_t tile, const TileStatistic& data, const TileStatistic& model);
  /// Biases of a hidden tile. Returns the term that sparsity adds to the gradient of its weights.
  OuterTerm update_hidden(int64_t tile, bool first_batch, const TileStatistic& data,
                          const TileStatistic& model);
  bool has_sparsity() const { return settings_.has_sparsity; }

 private:
  float sparsity_force(int64_t j, float mean_activation, bool has_history);
  void update(Layer& layer, int64_t tile, const TileMeans& gradient) const;

  RbmState& state_;
  const TrainSettings& settings_;
  Buffer<float> mean_visible_;
};

}  // namespace udl
