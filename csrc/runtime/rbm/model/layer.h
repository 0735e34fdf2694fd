#pragma once
// One layer of units: its kind, its biases and how they move.
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

  int64_t n_units() const { return bias.size(); }
  int64_t n_tiles() const { return divide_up(n_units(), kTileUnits); }
};

}  // namespace udl
