#pragma once
// Parameters of a net in the layout of its kernels, and what an optimiser remembers of them.
#include <cstdint>
#include <vector>

#include "kernels/dense.h"
#include "runtime/dense/engine.h"
#include "runtime/memory/panels.h"

namespace udl {

/// Values of the parameters of one layer.
struct FastLayer {
  PanelMatrix weights;  ///< empty where they are another layer's; in halves where products round
  Buffer<float> bias;   ///< padded to whole panels with zeros

  void zero() {
    weights.zero();
    bias.zero();
  }
};

using FastLayers = std::vector<FastLayer>;

inline DenseWeights dense_weights(const PanelMatrix& weights) {
  return {weights.panel(0), weights.n_visible(), weights.n_hidden()};
}

FastLayers zero_fast_layers(const NetShape& shape);

struct FastState {
  using Real = float;

  FastState(const NetShape& net, bool rounds);

  NetShape shape;
  bool bfloat16;  ///< products are those of rounded numbers
  FastLayers values;
  Memory memory = Memory::none;
  FastLayers first;   ///< velocities, or means of Adam; empty without memory
  FastLayers second;  ///< squares of Adam
  int64_t adam_steps = 0;

  void set(const NetArray& array, const float* from);
  void get(const NetArray& array, float* to) const;
  void set_memory(Memory kind);
  void add_change_since(const FastState& before, WeightChangeSum& sum) const;
  bool is_finite() const;

  /// Those that layer l uses, as they lie; where it is tied, transposed: its inputs are outputs
  /// there.
  DenseWeights weights(int layer) const;
  /// Those of layer l as floats. `room` serves where they lie in halves.
  const PanelMatrix& whole_weights(int layer, PanelMatrix& room) const;

 private:
  FastLayers& layers_of(Quantity quantity) {
    return quantity == Quantity::value ? values : quantity == Quantity::square ? second : first;
  }
};

/// Kernels of the CPU target in use, which can change: to be taken once a call. Throws where the
/// net rounds and the target has no such products.
const DenseKernels& kernels_for(const FastState& net);

}  // namespace udl
