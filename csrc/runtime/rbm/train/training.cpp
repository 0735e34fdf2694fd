#include "runtime/rbm/train/training.h"

namespace udl {

Training::Training(RbmState& model, const TrainCall& call, int threads)
    : state(model),
      kernels(rbm_kernels()),
      settings(call.settings),
      n_threads(threads),
      draws(call.settings, call.seed, call.step),
      minibatches(call.rows, call.order, call.settings.batch_size, call.settings.binarize_sample,
                  !has_bits(model.visible.kind)),
      states(model, call.settings, minibatches),
      groups(model.visible, states.max_chain_rows(), threads),
      gradient(model),
      tempering(model, call.settings),
      centring(model, call.settings.centered),
      biases(model, call.settings, centring),
      variances(model, call.settings),
      step_size(model, call.settings) {
  const bool binary_means = minibatches.have_bits() && settings.sample_visibles;
  if (binary_means && !settings.sampled_statistics && !real_hidden())
    gradient.allow_joined(states.max_rows());
}

}  // namespace udl
