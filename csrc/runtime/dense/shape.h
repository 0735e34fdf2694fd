#pragma once
// What a net of dense layers is: their sizes and activations, and what its outputs are held
// against.
#include <cstdint>
#include <string>
#include <vector>

#include "base/nets.h"

namespace udl {

/// Layer l makes y = f(W x + b) of its inputs x.
struct NetShape {
  std::vector<int64_t>
      sizes;  ///< units, inputs first: layer l is between sizes[l] and sizes[l + 1]
  std::vector<Activation> activations;  ///< one for each layer
  Loss loss = Loss::squared;
  /// For each layer the one below whose transposed weights it uses, or -1; biases are its own.
  std::vector<int> tied;

  int n_layers() const { return static_cast<int>(activations.size()); }
  int last_layer() const { return n_layers() - 1; }
  int64_t n_inputs() const { return sizes.front(); }
  int64_t n_outputs() const { return sizes.back(); }
  int64_t n_inputs(int layer) const { return sizes[layer]; }
  int64_t n_outputs(int layer) const { return sizes[layer + 1]; }
  bool is_tied(int layer) const { return tied[layer] >= 0; }
  /// The layer that has this one's weights.
  int owner(int layer) const { return is_tied(layer) ? tied[layer] : layer; }
  /// Its own.
  int64_t n_weights(int layer) const {
    return is_tied(layer) ? 0 : n_inputs(layer) * n_outputs(layer);
  }
  int64_t n_parameters() const {
    int64_t n = 0;
    for (int l = 0; l < n_layers(); ++l) n += n_weights(l) + n_outputs(l);
    return n;
  }
};

const char* activation_name(Activation activation);
const char* loss_name(Loss loss);
/// Throw on other names.
Activation activation_from_name(const std::string& name);
Loss loss_from_name(const std::string& name);

/// Throws, naming what does not fit.
void check_shape(const NetShape& shape);

}  // namespace udl
