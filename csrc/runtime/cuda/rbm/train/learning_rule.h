#pragma once
// How biases and weights move by both phases of a minibatch.
#include <cstdint>

#include "kernels/cuda/plain/learn.h"
#include "runtime/cuda/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/steps/draw_schedule.h"

namespace udl::cuda {

class LearningRule {
 public:
  /// Of a training whose phases have at most `max_rows` rows.
  LearningRule(DeviceRbmState& state, const TrainSettings& settings, const DrawSchedule& draws,
               int64_t max_rows);

  /// All of a minibatch. False if weights are not finite afterwards.
  bool apply(int64_t index, const plain::Phase& data, const plain::Phase& model);

 private:
  plain::LearningRates rates() const;
  plain::BiasArguments bias_arguments(DeviceLayer& layer, const plain::Phase& data,
                                      const plain::Phase& model) const;
  void learn_visible_biases(const plain::Phase& data, const plain::Phase& model);
  void learn_hidden_biases(int64_t index, const plain::Phase& data, const plain::Phase& model);
  void learn_weights(int64_t index, const plain::Phase& data, const plain::Phase& model);
  bool joins(const plain::Phase& data, const plain::Phase& model) const;

  DeviceRbmState& state_;
  const TrainSettings& settings_;
  const DrawSchedule& draws_;
  const int64_t max_rows_;
  DeviceBuffer<float> mean_visible_, force_;  ///< of the sparsity target
};

}  // namespace udl::cuda
