#include "runtime/dense/plain/state.h"

#include <algorithm>
#include <utility>

namespace udl {
namespace {

/// to (columns, rows) = from (rows, columns), transposed.
template <class Real>
void transpose(const Real* from, int64_t rows, int64_t columns, Real* to) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
}

}  // namespace

template <class Real>
void PlainState<Real>::set(const NetArray& array, const Real* from) {
  auto& layer = const_cast<PlainLayer<Real>&>(layers_of(array.quantity)[array.layer]);
  if (array.is_bias)
    std::copy_n(from, layer.bias.size(), layer.bias.begin());
  else if (!layer.weights.empty())
    transpose(from, shape.n_outputs(array.layer), shape.n_inputs(array.layer),
              layer.weights.data());
}

template <class Real>
void PlainState<Real>::get(const NetArray& array, Real* to) const {
  const PlainLayer<Real>& layer = layers_of(array.quantity)[array.layer];
  if (array.is_bias)
    std::copy(layer.bias.begin(), layer.bias.end(), to);
  else if (!layer.weights.empty())
    transpose(layer.weights.data(), shape.n_inputs(array.layer), shape.n_outputs(array.layer), to);
}

template <class Real>
void PlainState<Real>::set_memory(Memory kind) {
  // What may not fit into memory comes first.
  auto new_first = kind == Memory::none ? PlainLayers<Real>() : zero_layers<Real>(shape);
  auto new_second = kind == Memory::adam ? zero_layers<Real>(shape) : PlainLayers<Real>();
  first = std::move(new_first);
  second = std::move(new_second);
  memory = kind;
  adam_steps = 0;
}

template <class Real>
void PlainState<Real>::add_change_since(const PlainState& before, WeightChangeSum& sum) const {
  for (int l = 0; l < shape.n_layers(); ++l)
    sum.add(values[l].weights.data(), before.values[l].weights.data(), shape.n_weights(l));
}

template struct PlainState<double>;

}  // namespace udl
