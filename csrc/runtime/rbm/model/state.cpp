#include "runtime/rbm/model/state.h"

#include <algorithm>

#include "base/fixed.h"

namespace udl {
namespace {

template <class To>
void copy_values(const float* from, int64_t n, To&& to) {
  for (int64_t i = 0; i < n; ++i) to[i] = from[i];
}

void copy_out(const BiasVector& from, float* to) {
  if (to != nullptr)
    for (int64_t i = 0; i < from.size(); ++i) to[i] = from[i];
}

void copy_out(const Buffer<float>& from, float* to) {
  if (to != nullptr) std::copy_n(from.data(), from.size(), to);
}

void assign_offset(Layer& layer, const float* from) {
  layer.offset.resize(0);
  if (from == nullptr) return;
  layer.add_offset();
  copy_values(from, layer.n_units(), layer.offset);
}

void copy_offset(const Layer& layer, float* to) {
  if (to != nullptr) std::copy_n(layer.offset.data(), layer.n_units(), to);
}

}  // namespace

RbmState::RbmState(int64_t visible_units, int64_t hidden_units, const Units& units, bool is_fast)
    : n_visible(visible_units),
      n_hidden(hidden_units),
      weights(hidden_units, visible_units),
      hidden(Layer::hidden_of(hidden_units, units)),
      visible(Layer::visible_of(visible_units, units)),
      mean_activation(hidden_units),
      fast(is_fast),
      narrow(has_narrow_tables()),
      scale_exponent(kMinScaleExponent) {}

void RbmState::assign(const ParameterArrays<const float*>& from) {
  weights.assign(from.weights);
  copy_values(from.hidden_bias, n_hidden, hidden.bias);
  copy_values(from.visible_bias, n_visible, visible.bias);
  if (from.log_variance) copy_values(from.log_variance, n_visible, visible.log_variance);
  visible.set_deviations();
  scale_exponent = weight_scale_exponent(weights, narrow);
}

void RbmState::use_tables(bool narrow_tables, int n_threads) {
  if (narrow == narrow_tables) return;
  narrow = narrow_tables;
  scale_exponent = find_scale_exponent(weights, narrow, n_threads).value_or(scale_exponent);
}

void RbmState::copy_to(const ParameterArrays<float*>& to) const {
  if (to.weights != nullptr) weights.copy_to(to.weights);
  copy_out(hidden.bias, to.hidden_bias);
  copy_out(visible.bias, to.visible_bias);
  copy_out(visible.log_variance, to.log_variance);
}

/// Velocities of biases and variances that are not given stay.
void RbmState::assign(const OptimizerArrays<const float*>& from) {
  weight_velocity = from.weight_velocity ? PanelMatrix(n_hidden, n_visible) : PanelMatrix();
  if (from.weight_velocity) weight_velocity.assign(from.weight_velocity);
  if (from.hidden_velocity) copy_values(from.hidden_velocity, n_hidden, hidden.bias_velocity);
  if (from.visible_velocity) copy_values(from.visible_velocity, n_visible, visible.bias_velocity);
  if (from.log_variance_velocity)
    copy_values(from.log_variance_velocity, n_visible, visible.log_variance_velocity);
  has_mean_activation = from.mean_activation != nullptr;
  if (from.mean_activation) copy_values(from.mean_activation, n_hidden, mean_activation);
  assign_offset(hidden, from.hidden_offset);
  assign_offset(visible, from.visible_offset);
}

void RbmState::copy_to(const OptimizerArrays<float*>& to) const {
  if (to.weight_velocity != nullptr) weight_velocity.copy_to(to.weight_velocity);
  copy_out(hidden.bias_velocity, to.hidden_velocity);
  copy_out(visible.bias_velocity, to.visible_velocity);
  copy_out(mean_activation, to.mean_activation);
  copy_offset(hidden, to.hidden_offset);
  copy_offset(visible, to.visible_offset);
  copy_out(visible.log_variance_velocity, to.log_variance_velocity);
}

/// Whole panels: weights of missing units are zero.
void RbmState::add_change_since(const RbmState& before, WeightChangeSum& sum) const {
  for (int64_t tile = 0; tile < weights.n_panels(); ++tile)
    sum.add(weights.panel(tile), before.weights.panel(tile), weights.panel_stride());
}

}  // namespace udl
