#include "runtime/cuda/rbm/steps/inference.h"

#include "base/fixed.h"

namespace udl::cuda {

void Inference::half_step(Towards layer, const TensorStates& from, const HalfStepOutput& to) const {
  const bool to_hidden = layer == Towards::hidden;
  InferenceArguments a{};
  a.states = from.words;
  a.images = to_hidden ? images_.to_hidden() : images_.to_visible();
  a.bias = (to_hidden ? state_.hidden : state_.visible).bias.data();
  a.n_rows = static_cast<int32_t>(from.n_rows);
  a.n_summed = static_cast<int32_t>(to_hidden ? state_.n_visible : state_.n_hidden);
  a.n_units = static_cast<int32_t>(to_hidden ? state_.n_hidden : state_.n_visible);
  a.scale = power_of_two(state_.scale_exponent) * beta_;  // exact
  a.bias_factor = beta_;
  a.draws = to.draws;
  a.steps_done = steps_done_;
  a.first_chain = to.first_chain;
  a.samples = to.samples;
  a.means = to.means;
  const int n_slices = images_.n_slices();
  const int shape = tiles_ ? static_cast<int>(*tiles_)
                           : half_step_shape(from.n_rows, a.n_units, a.n_summed, n_slices,
                                             state_.driver->facts().n_multiprocessors);
  state_.driver->launch(kInfer[shape][by_slices(n_slices)],
                        half_step_grid(shape, from.n_rows, a.n_units, n_slices), a);
}

}  // namespace udl::cuda
