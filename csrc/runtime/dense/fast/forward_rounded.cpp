// Outputs of some layers by products of numbers that are rounded to integers: blocks of rows, each
// taken through all layers by one thread.
#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/data/block_ranges.h"
#include "runtime/dense/fast/engine.h"
#include "runtime/dense/fast/values/rounded.h"
#include "runtime/dispatch/target.h"
#include "runtime/memory/unit_panels.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kMostRows = 192;

void check_layers(const NetShape& shape, int from, int to) {
  for (int l = from; l < to; ++l) {
    if (shape.is_tied(l))
      throw NotAvailable("forward: rounding to integers, but layer " + std::to_string(l) +
                         " is tied to another");
    if (shape.activations[l] == Activation::softmax)
      throw NotAvailable("forward: rounding to integers, but layer " + std::to_string(l) +
                         " has softmax units");
  }
}

/// Of one thread: inputs as rows with whole panels, where they are not that already, what is before
/// a layer rounded, and what is behind each.
template <class Numbers>
struct BlockRoom {
  BlockRoom(const NetShape& shape, int from, int to, int64_t rows)
      : max_rows(rows),
        input_stride(round_up(shape.n_inputs(from), kTileUnits)),
        rounded(rows, *std::max_element(shape.sizes.begin() + from, shape.sizes.begin() + to)) {
    for (int l = from; l < to; ++l) outputs.emplace_back(rows, shape.n_outputs(l));
  }
  /// Rows first .. first + count - 1.
  UnroundedValues inputs_of(const Rows& rows, int64_t first, int64_t count) {
    if (rows.floats() != nullptr && rows.columns() == input_stride)
      return {rows.floats() + first * input_stride, kTileUnits, input_stride};
    inputs.reserve(max_rows * input_stride);
    rows.gather_values<float>(nullptr, first, count, inputs.data(), input_stride);
    return {inputs.data(), kTileUnits, input_stride};
  }
  /// outputs[index] as inputs of the next layer.
  UnroundedValues values_of(int index) const {
    const ConstUnitPanels panels = outputs[index].view();
    return {panels.values, panels.panel_stride, kTileUnits};
  }

  int64_t max_rows, input_stride;
  Buffer<float> inputs;  ///< zeros behind the last unit
  typename Numbers::Rows rounded;
  std::vector<UnitMatrix> outputs;
};

template <class Numbers>
void apply_layer(const DenseKernels& kernels, const FastState& net, int layer,
                 const typename Numbers::Layer& weights, int64_t n_rows,
                 const typename Numbers::Rows& in, UnitMatrix& out) {
  RoundedProduct<decltype(weights.view()), decltype(in.view())> product{};
  product.weights = weights.view();
  product.values = in.view();
  product.out = out.view();
  product.n_panels = out.n_panels();
  product.n_rows = n_rows;
  product.finish.activation = net.shape.activations[layer];
  product.finish.n_units = out.n_units();
  product.finish.bias = net.values[layer].bias.data();
  Numbers::multiply(kernels, product);
}

template <class Numbers>
void forward_by(const FastState& state, const ForwardCall& call, const Run& run) {
  const DenseKernels& kernels = dense_kernels();
  const NetShape& shape = state.shape;
  const Rows& rows = call.rows;
  const int from = call.from, to = call.to;
  float* out = call.out.as<float>();
  const int64_t n_out = shape.n_outputs(to - 1);
  // As many blocks for each thread.
  const int64_t least = std::max<int64_t>(1, divide_up(rows.rows(), kMostRows));
  const int64_t n_blocks = round_up(least, run.n_threads);
  const int64_t n_rows = std::max<int64_t>(1, divide_up(rows.rows(), n_blocks));
  std::vector<PanelMatrix> rooms(to - from);
  std::vector<typename Numbers::Layer> layers;
  for (int l = from; l < to; ++l) {
    const PanelMatrix& weights = state.whole_weights(l, rooms[l - from]);
    layers.emplace_back(dense_weights(weights));
  }
  // In regions of their own: after panels of weights, which take microseconds, an interrupt would
  // be asked for once in many blocks of rows only.
  for (typename Numbers::Layer& layer : layers)
    parallel_for(run, layer.n_panels(), [&](int64_t panel) { layer.pack(kernels, panel); });
  rooms.clear();
  BlockRanges ranges(rows, n_blocks, call.range);
  parallel_region(run, [&](Team& team) {
    BlockRoom<Numbers> room(shape, from, to, n_rows);
    team.for_each(divide_up(rows.rows(), n_rows), [&](int64_t block) {
      const int64_t first = block * n_rows, n = std::min(n_rows, rows.rows() - first);
      ranges.look(block, first, n);
      UnroundedValues values = room.inputs_of(rows, first, n);
      for (int l = from; l < to; ++l) {
        room.rounded.pack(kernels, values, shape.n_inputs(l), n);
        apply_layer<Numbers>(kernels, state, l, layers[l - from], n, room.rounded,
                             room.outputs[l - from]);
        values = room.values_of(l - from);
      }
      room.outputs.back().copy_rows(0, n, out + first * n_out, n_out);
    });
  });
  ranges.gather();
}

}  // namespace

void FastNetEngine::forward_rounded(const ForwardCall& call, const Run& run) const {
  check_layers(shape(), call.from, call.to);
  if (*call.rounding == Rounding::int8)
    forward_by<Int8Numbers>(state_, call, run);
  else
    forward_by<Int16Numbers>(state_, call, run);
}

}  // namespace udl
