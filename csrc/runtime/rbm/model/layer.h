#pragma once
// One layer of units: its kind, its biases and how they move.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/math.h"
#include "base/units.h"
#include "base/view.h"
#include "runtime/memory/buffer.h"
#include "runtime/memory/panels.h"
#include "runtime/rbm/model/units/joint_groups.h"
#include "runtime/rbm/model/units/units.h"

namespace udl {

struct Layer {
  Layer(int64_t n_units, UnitKind kind_of_units) : kind(kind_of_units) {
    bias = is_normal(kind) ? BiasVector(n_units, 0.0f) : BiasVector(n_units);
    bias_velocity.resize(n_units);
    if (!is_normal(kind)) return;
    deviation.resize(n_tiles() * kTileUnits);
    std::fill_n(deviation.data(), n_units, 1.0f);
  }
  static Layer visible_of(int64_t n_units, const Units& units) {
    Layer layer(n_units, units.visible);
    if (units.have_variances()) {
      layer.log_variance.resize(n_units);
      layer.log_variance_velocity.resize(n_units);
      layer.variance.resize(layer.n_tiles() * kTileUnits);
      layer.inverse_variance.resize(layer.n_tiles() * kTileUnits);
      layer.set_deviations();
    }
    if (units.visible == UnitKind::softmax) layer.groups = JointGroups(units.groups());
    if (units.visible == UnitKind::replicated_softmax)
      layer.groups = JointGroups::of_words(n_units);
    return layer;
  }
  static Layer hidden_of(int64_t n_units, const Units& units) { return {n_units, units.hidden}; }

  UnitKind kind;
  BiasVector bias;
  Buffer<float> bias_velocity;
  Buffer<float> offset;  ///< of a centred model (steps/centring.h), whole tiles; else empty
  /// log sigma^2 of Gaussian visible units, whose sigma = exp(log_variance / 2) is above 0 whatever
  /// is learned, and by how much it is yet to move (steps/variance_window.h); empty for others.
  Buffer<float> log_variance, log_variance_velocity;
  /// sigma of units that are normal numbers, 1 in the hidden layer; and sigma^2 and 1 / sigma^2 of
  /// visible ones, made from log_variance. Whole tiles, 0 for missing units. Empty for others.
  Buffer<float> deviation, variance, inverse_variance;
  /// Of softmax units; units that count words are one group.
  JointGroups groups;

  bool counts_words() const { return kind == UnitKind::replicated_softmax; }
  bool has_variances() const { return inverse_variance.size() > 0; }
  /// What the other layer is given is a state times these; null for 1.
  const float* factors() const { return inverse_variance.data(); }
  /// Null where there are none.
  const float* deviation_tile(int64_t tile) const {
    return deviation.size() > 0 ? deviation.data() + tile * kTileUnits : nullptr;
  }
  const float* inverse_variance_tile(int64_t tile) const {
    return inverse_variance.data() + tile * kTileUnits;
  }
  /// After log_variance has changed.
  void set_deviations() {
    for (int64_t i = 0; i < log_variance.size(); ++i) set_deviation(i);
  }
  void set_deviation(int64_t i) {
    variance[i] = exp_negative(-log_variance[i]);
    inverse_variance[i] = exp_negative(log_variance[i]);
    deviation[i] = exp_negative(-0.5f * log_variance[i]);
  }

  bool has_offset() const { return offset.size() > 0; }
  /// Zeros.
  void add_offset() { offset.resize(n_tiles() * kTileUnits); }

  int64_t n_units() const { return bias.size(); }
  int64_t n_tiles() const { return divide_up(n_units(), kTileUnits); }
  /// Whether the biases and variances and how they move are numbers; once they are not, learning
  /// does not mend them.
  bool is_finite() const {
    for (int64_t i = 0; i < n_units(); ++i)
      if (!std::isfinite(bias[i]) || !std::isfinite(bias_velocity[i])) return false;
    for (int64_t i = 0; i < log_variance.size(); ++i)
      if (!std::isfinite(log_variance[i]) || !std::isfinite(log_variance_velocity[i])) return false;
    return true;
  }
};

/// Units of a tile that are there.
inline int64_t tile_units(const Layer& layer, int64_t tile) {
  return std::min<int64_t>(kTileUnits, layer.n_units() - tile * kTileUnits);
}

}  // namespace udl
