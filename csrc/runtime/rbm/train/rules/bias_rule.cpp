#include "runtime/rbm/train/rules/bias_rule.h"

namespace udl {

void move_biases(Layer& layer, int64_t tile, const TileMeans& gradient,
                 const TrainSettings& settings) {
  const auto rate = static_cast<float>(settings.learning_rate),
             momentum = static_cast<float>(settings.momentum);
  float* bias = &layer.bias[tile * kTileUnits];
  float* velocity = &layer.bias_velocity[tile * kTileUnits];
  for (int64_t k = 0; k < tile_units(layer, tile); ++k) {
    const float step = rate * gradient.units[k];
    const float change = momentum == 0 ? step : momentum * velocity[k] + step;
    velocity[k] = momentum == 0 ? 0 : change;
    bias[k] += change;
  }
}

BiasRule::BiasRule(RbmState& state, const TrainSettings& settings, Centring& centring)
    : state_(state), settings_(settings), centring_(centring), mean_visible_(state.n_visible) {}

void BiasRule::update_visible(int64_t tile, bool first_batch, const TileStatistic& data,
                              const TileStatistic& model, float factor) {
  TileMeans gradient = difference(data, model);
  for (float& value : gradient.units) value *= factor;
  if (centring_.is_on()) centring_.begin_visible(tile, first_batch, data.means(), gradient);
  if (settings_.has_sparsity) {
    const TileMeans means = data.means();
    const int64_t first = tile * kTileUnits;
    for (int64_t k = 0; k < tile_units(state_.visible, tile); ++k)
      mean_visible_[first + k] =
          means.units[k] - (centring_.is_on() ? centring_.visible_offset()[first + k] : 0.0f);
  }
  move_biases(state_.visible, tile, gradient, settings_);
}

WeightTerms BiasRule::update_hidden(int64_t tile, bool first_batch, const TileStatistic& data,
                                    TileMeans gradient) {
  WeightTerms terms;
  if (centring_.is_on()) {
    centring_.begin_hidden(tile, first_batch, data.means());
    terms.add(centring_.visible_term(gradient));
    terms.add(centring_.hidden_term(tile));
  }
  if (settings_.has_sparsity) {
    OuterTerm sparsity{mean_visible_.data(), {}};
    const bool has_history = !first_batch || state_.has_mean_activation;
    const TileMeans means = data.means();
    for (int64_t k = 0; k < tile_units(state_.hidden, tile); ++k) {
      sparsity.hidden[k] = sparsity_force(tile * kTileUnits + k, means.units[k], has_history);
      gradient.units[k] += sparsity.hidden[k];
    }
    terms.add(sparsity);
  }
  move_biases(state_.hidden, tile, gradient, settings_);
  return terms;
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

}  // namespace udl
