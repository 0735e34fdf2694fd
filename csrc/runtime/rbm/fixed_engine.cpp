// Parameters in and out of the packed-bit engine, and its training.
#include "runtime/rbm/fixed_engine.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "runtime/rbm/train/trainer.h"

namespace udl {
namespace {

void check_finite(const float* values, int64_t n, const char* name) {
  for (int64_t i = 0; i < n; ++i)
    if (!std::isfinite(values[i]))
      throw_invalid(std::string(name) + " holds a value that is not finite");
}

template <class From, class To>
void copy_values(const From& from, int64_t n, To&& to) {
  for (int64_t i = 0; i < n; ++i) to[i] = from[i];
}

}  // namespace

void FixedRbmEngine::set_parameters(const void* weights, const void* hidden_bias,
                                    const void* visible_bias) {
  const auto* w = static_cast<const float*>(weights);
  const auto* hidden = static_cast<const float*>(hidden_bias);
  const auto* visible = static_cast<const float*>(visible_bias);
  check_finite(w, n_hidden() * n_visible(), "weights");
  check_finite(hidden, n_hidden(), "hidden_bias");
  check_finite(visible, n_visible(), "visible_bias");
  state_.weights.assign(w);
  copy_values(hidden, n_hidden(), state_.hidden_bias);
  copy_values(visible, n_visible(), state_.visible_bias);
  state_.scale_exponent = weight_scale_exponent(state_.weights, state_.narrow);
}

void FixedRbmEngine::get_parameters(void* weights, void* hidden_bias, void* visible_bias) const {
  if (weights) state_.weights.copy_to(static_cast<float*>(weights));
  if (hidden_bias) copy_values(state_.hidden_bias, n_hidden(), static_cast<float*>(hidden_bias));
  if (visible_bias)
    copy_values(state_.visible_bias, n_visible(), static_cast<float*>(visible_bias));
}

void FixedRbmEngine::set_optimizer(const void* weight_velocity, const void* hidden_velocity,
                                   const void* visible_velocity, const void* mean_activation) {
  state_.weight_velocity = weight_velocity ? PanelMatrix(n_hidden(), n_visible()) : PanelMatrix();
  if (weight_velocity) state_.weight_velocity.assign(static_cast<const float*>(weight_velocity));
  if (hidden_velocity)
    copy_values(static_cast<const float*>(hidden_velocity), n_hidden(), state_.hidden_velocity);
  if (visible_velocity)
    copy_values(static_cast<const float*>(visible_velocity), n_visible(), state_.visible_velocity);
  state_.has_mean_activation = mean_activation != nullptr;
  if (mean_activation)
    copy_values(static_cast<const float*>(mean_activation), n_hidden(), state_.mean_activation);
}

void FixedRbmEngine::get_optimizer(void* weight_velocity, void* hidden_velocity,
                                   void* visible_velocity, void* mean_activation) const {
  if (weight_velocity) state_.weight_velocity.copy_to(static_cast<float*>(weight_velocity));
  copy_values(state_.hidden_velocity, n_hidden(), static_cast<float*>(hidden_velocity));
  copy_values(state_.visible_velocity, n_visible(), static_cast<float*>(visible_velocity));
  if (mean_activation)
    copy_values(state_.mean_activation, n_hidden(), static_cast<float*>(mean_activation));
}

void FixedRbmEngine::set_chains(const Rows& hidden) { chains_ = hidden.bit_matrix(); }

Rows FixedRbmEngine::chains() const { return rows_from_bits(chains_.view()); }

void FixedRbmEngine::snapshot() {
  snapshot_ = std::make_unique<Snapshot>(Snapshot{state_, chains_});
}

void FixedRbmEngine::restore() {
  if (!snapshot_) throw_invalid("RbmEngine.restore: there is no snapshot");
  state_ = snapshot_->state;
  chains_ = snapshot_->chains;
}

WeightChange FixedRbmEngine::change_since_snapshot() const {
  if (!snapshot_) throw_invalid("RbmEngine.change_since_snapshot: there is no snapshot");
  WeightChangeSum sum;
  // Whole panels: weights of missing units are zero.
  for (int64_t t = 0; t < state_.weights.n_panels(); ++t)
    sum.add(state_.weights.panel(t), snapshot_->state.weights.panel(t),
            state_.weights.panel_stride());
  return sum.result();
}

TrainResult FixedRbmEngine::train(const Rows& rows, const uint32_t* order,
                                  const TrainSettings& settings, uint64_t seed, uint64_t step,
                                  int n_threads, const Poll& poll) {
  return train_fixed(state_, chains_, rows, order, settings, seed, step, n_threads, poll);
}

}  // namespace udl
