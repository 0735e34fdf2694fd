#pragma once
// One layer of units: its kind, its biases and how they move.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/units.h"
#include "base/view.h"
#include "runtime/memory/buffer.h"
#include "runtime/memory/panels.h"

namespace udl {

struct Layer {
  explicit Layer(int64_t n_units) : bias(n_units), bias_velocity(n_units) {}

  UnitKind kind = UnitKind::bernoulli;
  BiasVector bias;
  Buffer<float> bias_velocity;
  Buffer<float> offset;  ///< of a centred model (steps/centring.h), whole tiles; else empty

  bool has_offset() const { return offset.size() > 0; }
  /// Zeros.
  void add_offset() { offset.resize(n_tiles() * kTileUnits); }

  int64_t n_units() const { return bias.size(); }
  int64_t n_tiles() const { return divide_up(n_units(), kTileUnits); }
  /// Whether the biases and how they move are numbers; once they are not, learning does not mend
  /// them.
  bool is_finite() const {
    for (int64_t i = 0; i < n_units(); ++i)
      if (!std::isfinite(bias[i]) || !std::isfinite(bias_velocity[i])) return false;
    return true;
  }
};

/// Units of a tile that are there.
inline int64_t tile_units(const Layer& layer, int64_t tile) {
  return std::min<int64_t>(kTileUnits, layer.n_units() - tile * kTileUnits);
}

}  // namespace udl
