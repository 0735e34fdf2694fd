#include "runtime/cuda/rbm/steps/half_step.h"

#include "base/fixed.h"

namespace udl::cuda {

plain::LayerInput layer_input(const DeviceRbmState& state, Towards layer, const plain::States& from,
                              float beta) {
  const bool to_hidden = layer == Towards::hidden;
  const float scale = from.bits != nullptr ? power_of_two(state.scale_exponent) : 1.0f;
  return {state.weights.data(),
          (to_hidden ? state.hidden : state.visible).bias.data(),
          state.n_visible,
          state.n_hidden,
          to_hidden,
          power_of_two(-state.scale_exponent),
          scale * beta,  // a power of two times beta is exact
          beta,
          from};
}

void half_step(const DeviceRbmState& state, Towards layer, const plain::States& from,
               const HalfStepOutput& to, float beta) {
  const plain::LayerInput input = layer_input(state, layer, from, beta);
  const int64_t threads = from.rows * plain::kStateBits * plain::state_words(input.n_to());
  state.driver->launch(plain::kHalfStep, threads_for(threads),
                       plain::HalfStepArguments{input, to.samples, to.means, to.means_fixed,
                                                to.draws, to.first_chain});
}

}  // namespace udl::cuda
