#pragma once
// The values of a minibatch at every layer.
#include <cstdint>
#include <vector>

#include "runtime/dense/fast/values/pairs.h"
#include "runtime/dense/settings.h"
#include "runtime/dense/shape.h"
#include "runtime/memory/unit_panels.h"

namespace udl {

/// Of one layer; matrices that an objective has no use for are empty.
struct LayerRoom {
  UnitMatrix outputs;        ///< f(W x + b)
  UnitMatrix passed;         ///< what the next layer sees, where that is something else
  UnitMatrix scales;         ///< what dropout multiplied them with
  UnitMatrix noise;          ///< of code units
  UnitMatrix errors;         ///< gradient by W x + b; of the last layer, W x + b until then
  Buffer<float> error_sums;  ///< of each task that made errors, over its rows: by stretch, by unit
  PairMatrix seen_pairs, error_pairs;  ///< of what the next layer sees, and of errors
  Buffer<double> mean;  ///< of sparse layers: sums of outputs over rows, then their means
  Buffer<float> term;   ///< and what they add to the gradient by the outputs of a row

  ConstUnitPanels seen() const { return passed.empty() ? outputs.view() : passed.view(); }
};

/// One presentation of rows: what is learned while the next is fetched.
struct InputRoom {
  UnitMatrix inputs, own_targets;
  PairMatrix pairs;  ///< of inputs

  ConstUnitPanels targets() const {
    return own_targets.empty() ? inputs.view() : own_targets.view();
  }
};

struct NetRooms {
  /// For n_inputs presentations at a time.
  NetRooms(const NetShape& shape, const Objective& objective, int64_t max_rows, int64_t n_inputs,
           bool has_targets, bool has_pairs);

  int64_t n_inputs() const { return static_cast<int64_t>(inputs.size()); }
  InputRoom& input(int64_t index) { return inputs[index % n_inputs()]; }
  const InputRoom& input(int64_t index) const { return inputs[index % n_inputs()]; }
  /// What layer l sees.
  ConstUnitPanels seen(const InputRoom& input, int layer) const {
    return layer == 0 ? input.inputs.view() : layers[layer - 1].seen();
  }

  PairPanels seen_pairs(const InputRoom& input, int layer) const {
    return layer == 0 ? input.pairs.view() : layers[layer - 1].seen_pairs.view();
  }

  int64_t max_rows;
  std::vector<InputRoom> inputs;
  std::vector<LayerRoom> layers;
  Buffer<float> log_sums, target_sums;  ///< of softmax outputs, by row
};

}  // namespace udl
