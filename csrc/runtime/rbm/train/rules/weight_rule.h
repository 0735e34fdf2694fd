#pragma once
// How the weights of a panel move by a gradient, and the scale that they have afterwards.
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/rbm/model/scale_tracker.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/threads/parallel.h"

namespace udl {

/// Momentum that is switched off forgets what it had.
void prepare_velocity(RbmState& state, double momentum);

class WeightRule {
 public:
  WeightRule(RbmState& state, const TrainSettings& settings, int n_threads);

  /// Before this thread moves panels of a minibatch. No thread looks at norms between the first
  /// barrier of a minibatch and the last.
  void begin_minibatch(int thread) { scale_.begin_minibatch(thread); }
  /// Moves the weights of a panel; the update has their gradient, and where their integers go.
  void apply(PanelUpdate& update, int64_t tile, int exponent, int thread);
  /// After a barrier, called by every thread: all find the same next scale. False if weights are
  /// not finite.
  bool next_scale(Team& team, int& exponent) { return scale_.next(team, exponent); }

 private:
  void apply_limited(const PanelUpdate& update) const;

  RbmState& state_;
  const RbmKernels& kernels_;
  const TrainSettings& settings_;
  ScaleTracker scale_;
};

}  // namespace udl
