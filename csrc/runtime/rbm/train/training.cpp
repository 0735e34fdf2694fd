#include "runtime/rbm/train/training.h"

namespace udl {
namespace {

/// States over their variances are made of values side by side; words are counted where they are.
RowForm row_form(const Layer& visible) {
  if (visible.has_variances()) return RowForm::dense_values;
  return visible.counts_words() ? RowForm::values : RowForm::as_they_are;
}

}  // namespace

Training::Training(RbmState& model, const TrainCall& call, int threads)
    : state(model),
      kernels(rbm_kernels()),
      settings(call.settings),
      n_threads(threads),
      draws(call.settings, call.seed, call.step),
      minibatches(call.rows, call.order, call.settings.batch_size, call.settings.binarize_sample,
                  row_form(model.visible)),
      words(call, minibatches, model.visible),
      states(model, call.settings, minibatches, words),
      groups(model.visible, states.max_chain_rows(), threads),
      gradient(model),
      tempering(model, call.settings),
      centring(model, call.settings.centered),
      biases(model, call.settings, centring),
      variances(model, call.settings, minibatches),
      step_size(model, call.settings) {
  const bool binary_means = minibatches.have_bits() && settings.sample_visibles;
  if (binary_means && !settings.sampled_statistics && !real_hidden())
    gradient.allow_joined(states.max_rows());
}

}  // namespace udl
