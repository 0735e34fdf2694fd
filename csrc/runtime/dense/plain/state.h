#pragma once
// Parameters of a net as plain arrays, and what an optimiser remembers of them.
#include <cstdint>
#include <vector>

#include "runtime/dense/engine.h"

namespace udl {

/// Values of the parameters of one layer.
template <class T>
struct PlainLayer {
  std::vector<T> weights;  ///< (inputs, outputs), row-major; empty where they are another layer's
  std::vector<T> bias;
};

template <class T>
using PlainLayers = std::vector<PlainLayer<T>>;

template <class T>
PlainLayers<T> zero_layers(const NetShape& shape) {
  PlainLayers<T> layers(shape.n_layers());
  for (int l = 0; l < shape.n_layers(); ++l) {
    layers[l].weights.resize(shape.n_weights(l));
    layers[l].bias.resize(shape.n_outputs(l));
  }
  return layers;
}

template <class RealType>
struct PlainState {
  using Real = RealType;

  explicit PlainState(const NetShape& net) : shape(net), values(zero_layers<Real>(net)) {}

  NetShape shape;
  PlainLayers<Real> values;
  Memory memory = Memory::none;
  PlainLayers<Real> first;   ///< velocities, or means of Adam; empty without memory
  PlainLayers<Real> second;  ///< squares of Adam
  int64_t adam_steps = 0;

  void set(const NetArray& array, const Real* from);
  void get(const NetArray& array, Real* to) const;
  void set_memory(Memory kind);
  void add_change_since(const PlainState& before, WeightChangeSum& sum) const;

  /// Weights that layer l uses: (inputs, outputs), or where it is tied (outputs, inputs).
  const Real* weights(int layer) const { return values[shape.owner(layer)].weights.data(); }

 private:
  const PlainLayers<Real>& layers_of(Quantity quantity) const {
    return quantity == Quantity::value ? values : quantity == Quantity::square ? second : first;
  }
};

}  // namespace udl
