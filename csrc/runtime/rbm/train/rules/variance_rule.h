#pragma once
// How the variances of Gaussian visible units learn. With z = log sigma^2, the derivative of minus
// the energy (base/units.h) with respect to z is (v - b)^2 / (2 sigma^2) - (v / sigma^2) sum_j W_j
// h_j. The first part is a mean over the rows of each phase; the second, summed over the rows, is
// the product of a unit's weights with their gradient. When sigma moves by it:
// steps/variance_window.h.
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/layer_states.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/steps/variance_window.h"

namespace udl {

class VarianceRule {
 public:
  VarianceRule(RbmState& state, const TrainSettings& settings, const Minibatches& minibatches);

  bool is_on() const { return is_on_; }

  /// The first part of a visible tile, of states over sigma^2, before its biases move.
  void begin_visible(int64_t tile, const StatesView& data, const StatesView& model);
  /// The second part of a panel, before its weights move; the gradient is that of pairs alone.
  void begin_panel(int64_t tile, const float* gradient);
  /// After all panels: learns the variances of a visible tile, the panels added in order.
  void update(int64_t tile, const Minibatch& batch);

 private:
  RbmState& state_;
  const TrainSettings& settings_;
  const VarianceWindows windows_;
  const RbmKernels& kernels_;
  const bool is_on_;
  int64_t n_visible_;         ///< in whole tiles
  Buffer<float> gradient_;    ///< first parts, then both
  Buffer<double> targets_;    ///< sums over the rows of a window
  Buffer<float> panel_dots_;  ///< [panel][visible units in whole tiles]
};

}  // namespace udl
