#include "runtime/dense/fast/state.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"
#include "runtime/dense/fast/halves.h"
#include "runtime/dispatch/target.h"

namespace udl {
namespace {

bool all_finite(const float* values, int64_t n) {
  return std::all_of(values, values + n, [](float value) { return std::isfinite(value); });
}

}  // namespace

const DenseKernels& kernels_for(const FastState& net) {
  const DenseKernels& kernels = dense_kernels();
  const char* reason = why_no_bfloat16();
  if (!net.bfloat16 || (reason == nullptr && kernels.bfloat16.pack != nullptr)) return kernels;
  throw NotAvailable(std::string("NetEngine: precision='fast' multiplies bfloat16 numbers, and ") +
                     (reason != nullptr ? reason : "the CPU target has just changed") +
                     "; use precision='float32'");
}

FastLayers zero_fast_layers(const NetShape& shape) {
  FastLayers layers(shape.n_layers());
  for (int l = 0; l < shape.n_layers(); ++l) {
    if (!shape.is_tied(l)) layers[l].weights = PanelMatrix(shape.n_outputs(l), shape.n_inputs(l));
    layers[l].bias.resize(round_up(shape.n_outputs(l), kTileUnits));
  }
  return layers;
}

FastState::FastState(const NetShape& net, bool rounds)
    : shape(net), bfloat16(rounds), values(zero_fast_layers(net)) {
  for (FastLayer& layer : values)
    if (rounds) split_weights(layer.weights);
}

void FastState::set(const NetArray& array, const float* from) {
  FastLayer& layer = layers_of(array.quantity)[array.layer];
  if (array.is_bias) {
    std::copy_n(from, shape.n_outputs(array.layer), layer.bias.data());
  } else if (!layer.weights.empty()) {
    layer.weights.assign(from);
    if (bfloat16 && array.quantity == Quantity::value) split_weights(layer.weights);
  }
}

void FastState::get(const NetArray& array, float* to) const {
  const FastLayer& layer = const_cast<FastState*>(this)->layers_of(array.quantity)[array.layer];
  PanelMatrix room;
  if (array.is_bias)
    std::copy_n(layer.bias.data(), shape.n_outputs(array.layer), to);
  else if (array.quantity == Quantity::value)
    whole_weights(array.layer, room).copy_to(to);
  else
    layer.weights.copy_to(to);
}

void FastState::set_memory(Memory kind) {
  // What may not fit into memory comes first.
  FastLayers new_first = kind == Memory::none ? FastLayers() : zero_fast_layers(shape);
  FastLayers new_second = kind == Memory::adam ? zero_fast_layers(shape) : FastLayers();
  first = std::move(new_first);
  second = std::move(new_second);
  memory = kind;
  adam_steps = 0;
}

/// Lanes of missing units are zeros, which change no sum.
void FastState::add_change_since(const FastState& before, WeightChangeSum& sum) const {
  for (int l = 0; l < shape.n_layers(); ++l) {
    if (shape.is_tied(l)) continue;
    PanelMatrix room, room_before;
    const PanelMatrix &now = whole_weights(l, room), &then = before.whole_weights(l, room_before);
    sum.add(now.panel(0), then.panel(0), now.n_panels() * now.panel_stride());
  }
}

bool FastState::is_finite() const {
  return std::all_of(values.begin(), values.end(), [this](const FastLayer& layer) {
    const PanelMatrix& w = layer.weights;
    if (!all_finite(layer.bias.data(), layer.bias.size())) return false;
    if (w.empty()) return true;
    return bfloat16 ? are_finite_halves(w)
                    : all_finite(w.panel(0), w.n_panels() * w.panel_stride());
  });
}

DenseWeights FastState::weights(int layer) const {
  return dense_weights(values[shape.owner(layer)].weights);
}

const PanelMatrix& FastState::whole_weights(int layer, PanelMatrix& room) const {
  const PanelMatrix& weights = values[layer].weights;
  if (!bfloat16) return weights;
  room = joined_weights(weights);
  return room;
}

}  // namespace udl
