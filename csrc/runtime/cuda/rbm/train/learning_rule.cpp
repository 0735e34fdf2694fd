#include "runtime/cuda/rbm/train/learning_rule.h"

#include "base/fixed.h"
#include "kernels/cuda/plain/norms.h"

namespace udl::cuda {

LearningRule::LearningRule(DeviceRbmState& state, const TrainSettings& settings,
                           const DrawSchedule& draws, int64_t max_rows)
    : state_(state),
      settings_(settings),
      draws_(draws),
      max_rows_(max_rows),
      mean_visible_(*state.driver, settings.has_sparsity ? state.n_visible : 0),
      force_(*state.driver, settings.has_sparsity ? state.n_hidden : 0) {}

bool LearningRule::apply(int64_t index, const plain::Phase& data, const plain::Phase& model) {
  learn_visible_biases(data, model);
  learn_hidden_biases(index, data, model);
  learn_weights(index, data, model);
  if (settings_.max_norm != 0)
    state_.driver->launch(
        plain::kLimitNorms, threads_for(state_.n_hidden),
        plain::LimitArguments{state_.weights.data(), state_.n_visible, state_.n_hidden,
                              static_cast<float>(settings_.max_norm)});
  return state_.find_scale(state_.scale_exponent);
}

plain::LearningRates LearningRule::rates() const {
  return {static_cast<float>(settings_.learning_rate), static_cast<float>(settings_.momentum),
          static_cast<float>(settings_.weight_decay), static_cast<float>(settings_.l1)};
}

plain::BiasArguments LearningRule::bias_arguments(DeviceLayer& layer, const plain::Phase& data,
                                                  const plain::Phase& model) const {
  plain::BiasArguments arguments{};
  arguments.bias = layer.bias.data();
  arguments.velocity = layer.velocity.data();
  arguments.n_units = layer.bias.size();
  arguments.hidden = &layer == &state_.hidden;
  arguments.data = data;
  arguments.model = model;
  arguments.rates = rates();
  return arguments;
}

void LearningRule::learn_visible_biases(const plain::Phase& data, const plain::Phase& model) {
  plain::BiasArguments arguments = bias_arguments(state_.visible, data, model);
  arguments.mean = mean_visible_.data();
  state_.driver->launch(plain::kLearnBiases, threads_for(arguments.n_units), arguments);
}

void LearningRule::learn_hidden_biases(int64_t index, const plain::Phase& data,
                                       const plain::Phase& model) {
  plain::BiasArguments arguments = bias_arguments(state_.hidden, data, model);
  arguments.force = force_.data();
  arguments.mean_activation = state_.mean_activation.data();
  arguments.has_history = index > 0 || state_.has_mean_activation;
  arguments.sparsity_target = static_cast<float>(settings_.sparsity_target);
  arguments.sparsity_cost = static_cast<float>(settings_.sparsity_cost);
  arguments.sparsity_damping = static_cast<float>(settings_.sparsity_damping);
  state_.driver->launch(plain::kLearnBiases, threads_for(arguments.n_units), arguments);
}

void LearningRule::learn_weights(int64_t index, const plain::Phase& data,
                                 const plain::Phase& model) {
  plain::WeightArguments arguments{};
  arguments.weights = state_.weights.data();
  arguments.velocity = state_.weight_velocity.data();
  arguments.n_visible = state_.n_visible;
  arguments.n_hidden = state_.n_hidden;
  arguments.data = data;
  arguments.model = model;
  arguments.joined = joins(data, model);
  arguments.narrow = state_.narrow;
  arguments.first_offset = draws_.first_offset(index);
  arguments.rates = rates();
  arguments.mean_visible = mean_visible_.data();
  arguments.force = force_.data();
  state_.driver->launch(plain::kLearnWeights, threads_for(state_.weights.size()), arguments);
}

/// Where the CPU makes one product of both phases (runtime/rbm/train/statistics/gradient.h).
bool LearningRule::joins(const plain::Phase& data, const plain::Phase& model) const {
  if (data.rows() != model.rows() || !data.hidden.is_exact() || !model.hidden.is_exact())
    return false;
  return settings_.sampled_statistics || max_rows_ <= kMaxRowsPerSum;
}

}  // namespace udl::cuda
