#include "runtime/rbm/train/rules/variance_rule.h"

#include <algorithm>

#include "runtime/dispatch/target.h"

namespace udl {
namespace {

/// Means over the rows of ((v - b) / sigma^2)^2, in row order; `values` are v / sigma^2.
void mean_squares(const StatesView& values, int64_t tile, const float* centre, float* out) {
  const float* row = values.value_tile(tile);
  std::fill_n(out, kTileUnits, 0.0f);
  for (int64_t r = 0; r < values.count; ++r, row += values.value_stride)
    for (int k = 0; k < kTileUnits; ++k) {
      const float distance = row[k] - centre[k];
      out[k] += distance * distance;
    }
  const float factor = 1.0f / static_cast<float>(values.count);
  for (int k = 0; k < kTileUnits; ++k) out[k] *= factor;
}

}  // namespace

VarianceRule::VarianceRule(RbmState& state, const TrainSettings& settings,
                           const Minibatches& minibatches)
    : state_(state),
      settings_(settings),
      windows_(minibatches),
      kernels_(rbm_kernels()),
      is_on_(state.visible.has_variances() && settings.learn_sigma),
      n_visible_(state.visible_tiles() * kTileUnits) {
  if (!is_on_) return;
  gradient_.resize(n_visible_);
  targets_.resize(n_visible_);
  panel_dots_.resize(state.hidden_tiles() * n_visible_);
}

void VarianceRule::begin_visible(int64_t tile, const StatesView& data, const StatesView& model) {
  const Layer& layer = state_.visible;
  const float *bias = layer.bias.tile(tile), *inverse = layer.inverse_variance_tile(tile);
  float centre[kTileUnits], up[kTileUnits], down[kTileUnits];
  for (int k = 0; k < kTileUnits; ++k) centre[k] = bias[k] * inverse[k];
  mean_squares(data, tile, centre, up);
  mean_squares(model, tile, centre, down);
  float* gradient = &gradient_[tile * kTileUnits];
  for (int64_t k = 0; k < tile_units(layer, tile); ++k)
    gradient[k] = 0.5f * (up[k] - down[k]) * layer.variance[tile * kTileUnits + k];
}

void VarianceRule::begin_panel(int64_t tile, const float* gradient) {
  kernels_.gradient.row_dots(state_.weights.panel(tile), gradient, state_.n_visible,
                             &panel_dots_[tile * n_visible_]);
}

void VarianceRule::update(int64_t tile, const Minibatch& batch) {
  Layer& layer = state_.visible;
  const int64_t first = tile * kTileUnits;
  for (int64_t panel = 0; panel < state_.hidden_tiles(); ++panel)
    for (int64_t k = 0; k < kTileUnits; ++k)
      gradient_[first + k] -= panel_dots_[panel * n_visible_ + first + k];
  const VarianceWindows::Place at = windows_[batch.index];
  for (int64_t i = first; i < first + tile_units(layer, tile); ++i) {
    learn_variance(layer.log_variance[i], layer.log_variance_velocity[i], targets_[i],
                   static_cast<double>(layer.variance[i]), static_cast<double>(gradient_[i]),
                   batch.count, settings_.learning_rate, at);
    layer.set_deviation(i);
  }
}

}  // namespace udl
