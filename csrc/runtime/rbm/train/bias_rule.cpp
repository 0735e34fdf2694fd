#include "runtime/rbm/train/bias_rule.h"

#include <algorithm>

namespace udl {
namespace {

/// Units of a tile that are there.
int64_t tile_units(const Layer& layer, int64_t tile) {
  return std::min<int64_t>(kTileUnits, layer.n_units() - tile * kTileUnits);
}

}  // namespace

BiasRule::BiasRule(RbmState& state, const TrainSettings& settings)
    : state_(state), settings_(settings), mean_visible_(state.n_visible) {}

void BiasRule::update_visible(int64_t tile, const TileStatistic& data, const TileStatistic& model) {
  if (has_sparsity())
    std::copy_n(data.means().units, tile_units(state_.visible, tile),
                mean_visible_.data() + tile * kTileUnits);
  update(state_.visible, tile, difference(data, model));
}

OuterTerm BiasRule::update_hidden(int64_t tile, bool first_batch, const TileStatistic& data,
                                  const TileStatistic& model) {
  OuterTerm sparsity{mean_visible_.data(), {}};
  TileMeans gradient = difference(data, model);
  if (has_sparsity()) {
    const bool has_history = !first_batch || state_.has_mean_activation;
    const TileMeans means = data.means();
    for (int64_t k = 0; k < tile_units(state_.hidden, tile); ++k) {
      sparsity.hidden[k] = sparsity_force(tile * kTileUnits + k, means.units[k], has_history);
      gradient.units[k] += sparsity.hidden[k];
    }
  }
  update(state_.hidden, tile, gradient);
  return sparsity;
}

/// cost * (target - q): the derivative of the cross-entropy between the wanted and the running mean
/// activation with respect to a unit's total input (Hinton 2010, section 11).
float BiasRule::sparsity_force(int64_t j, float mean_activation, bool has_history) {
  float& q = state_.mean_activation[j];
  const auto damping = static_cast<float>(settings_.sparsity_damping);
  q = has_history ? damping * q + (1.0f - damping) * mean_activation : mean_activation;
  return static_cast<float>(settings_.sparsity_cost) *
         (static_cast<float>(settings_.sparsity_target) - q);
}

void BiasRule::update(Layer& layer, int64_t tile, const TileMeans& gradient) const {
  const auto rate = static_cast<float>(settings_.learning_rate),
             momentum = static_cast<float>(settings_.momentum);
  float* bias = &layer.bias[tile * kTileUnits];
  float* velocity = &layer.bias_velocity[tile * kTileUnits];
  for (int64_t k = 0; k < tile_units(layer, tile); ++k) {
    const float step = rate * gradient.units[k];
    const float change = momentum == 0 ? step : momentum * velocity[k] + step;
    velocity[k] = momentum == 0 ? 0 : change;
    bias[k] += change;
  }
}

}  // namespace udl
