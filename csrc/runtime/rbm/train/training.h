#pragma once
// What the parts of one training run share.
#include "runtime/data/minibatches.h"
#include "runtime/dispatch/target.h"
#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/steps/draw_schedule.h"
#include "runtime/rbm/steps/group_step.h"
#include "runtime/rbm/train/chains/batch_states.h"
#include "runtime/rbm/train/chains/tempering.h"
#include "runtime/rbm/train/chains/word_lengths.h"
#include "runtime/rbm/train/rules/bias_rule.h"
#include "runtime/rbm/train/rules/centring.h"
#include "runtime/rbm/train/rules/step_size.h"
#include "runtime/rbm/train/rules/variance_rule.h"
#include "runtime/rbm/train/statistics/gradient.h"

namespace udl {

struct Training {
  Training(RbmState& model, const TrainCall& call, int threads);

  RbmState& state;
  const RbmKernels& kernels;
  const TrainSettings& settings;
  const int n_threads;
  const DrawSchedule draws;
  const Minibatches minibatches;
  const WordLengths words;
  TrainStates states;
  GroupStep groups;  ///< of the visible units
  Gradient gradient;
  Tempering tempering;
  Centring centring;
  BiasRule biases;
  VarianceRule variances;
  StepSize step_size;

  /// Whether visible states lie over their variances.
  bool real_visible() const { return state.visible.has_variances(); }
  bool real_hidden() const { return !has_bits(state.hidden.kind); }
};

}  // namespace udl
