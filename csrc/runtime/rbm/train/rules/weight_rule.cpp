#include "runtime/rbm/train/rules/weight_rule.h"

#include "runtime/dispatch/target.h"

namespace udl {

void prepare_velocity(RbmState& state, double momentum) {
  if (momentum == 0)
    state.weight_velocity = PanelMatrix();
  else if (state.weight_velocity.empty())
    state.weight_velocity = PanelMatrix(state.n_hidden, state.n_visible);
}

WeightRule::WeightRule(RbmState& state, const TrainSettings& settings, int n_threads)
    : state_(state), kernels_(rbm_kernels()), settings_(settings), scale_(state, n_threads) {}

void WeightRule::apply(PanelUpdate& update, int64_t tile, int exponent, int thread) {
  update.weights = state_.weights.panel(tile);
  update.velocity = settings_.momentum != 0 ? state_.weight_velocity.panel(tile) : nullptr;
  update.n_visible = state_.n_visible;
  update.learning_rate = static_cast<float>(settings_.learning_rate);
  update.momentum = static_cast<float>(settings_.momentum);
  update.weight_decay = static_cast<float>(settings_.weight_decay);
  update.l1 = static_cast<float>(settings_.l1);
  scale_.prepare(update, tile, thread, exponent);
  if (settings_.max_norm == 0) return kernels_.update.panel(update);
  apply_limited(update);
}

/// What is gathered of new weights is that of the limited ones: a second pass, which moves nothing.
/// The first gathers no norms that others are added to.
void WeightRule::apply_limited(const PanelUpdate& update) const {
  PanelUpdate moving = update, gathering = update;
  moving.column_norms = moving.row_norms = nullptr;
  kernels_.update.panel(moving);
  kernels_.update.limit_norms(update.weights, update.n_visible,
                              static_cast<float>(settings_.max_norm));
  gathering.learning_rate = 0;
  gathering.velocity = nullptr;
  gathering.sums = nullptr;
  gathering.short_batch = nullptr;
  gathering.float_sums = nullptr;
  gathering.n_terms = 0;
  kernels_.update.panel(gathering);
}

}  // namespace udl
