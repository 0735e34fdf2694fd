// Outputs of some layers: blocks of rows, each taken through all layers by one thread.
#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/dense/fast/engine.h"
#include "runtime/dense/fast/pairs.h"
#include "runtime/dispatch/target.h"
#include "runtime/memory/unit_panels.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kMostRows = 192;

/// Of one thread: values before and after a layer.
struct BlockRoom {
  BlockRoom(const NetShape& shape, int from, int to, int64_t rows, bool rounds) {
    values.emplace_back(rows, shape.n_inputs(from));
    for (int l = from; l < to; ++l) values.emplace_back(rows, shape.n_outputs(l));
    for (int l = from; rounds && l < to; ++l) pairs.emplace_back(rows, shape.n_inputs(l));
    strip.resize(kStripScratch);
    row_major.resize(rows * shape.n_inputs(from));
    log_sums.resize(rows);
  }
  std::vector<UnitMatrix> values;
  std::vector<PairMatrix> pairs;  ///< of inputs of each layer, where products round
  Buffer<float> strip, row_major, log_sums;
};

void apply_layer(const DenseKernels& kernels, const FastState& net, int layer, int64_t n_rows,
                 const UnitMatrix& in, UnitMatrix& out, PairMatrix* pairs, BlockRoom& room) {
  const Activation activation = net.shape.activations[layer];
  const bool is_softmax = activation == Activation::softmax;
  DenseProduct product{};
  product.weights = net.weights(layer);
  product.values = in.view();
  product.out = out.view();
  product.n_panels = out.n_panels();
  product.n_rows = n_rows;
  product.finish.activation = is_softmax ? Activation::linear : activation;
  product.finish.n_units = out.n_units();
  product.finish.bias = net.values[layer].bias.data();
  product.scratch = room.strip.data();
  const bool is_tied = net.shape.is_tied(layer);
  if (pairs != nullptr) {
    pairs->pack(kernels, in.view(), {0, in.n_panels(), 0, n_rows});
    (is_tied ? kernels.bfloat16.to_inputs : kernels.bfloat16.to_outputs)(product, pairs->view());
  } else {
    (is_tied ? kernels.products.to_inputs : kernels.products.to_outputs)(product);
  }
  if (!is_softmax) return;
  LossCall call{};
  call.activation = activation;
  call.units = out.view();
  call.n_units = out.n_units();
  call.n_panels = out.n_panels();
  call.n_rows = n_rows;
  call.log_sums = room.log_sums.data();
  kernels.loss.softmax_sums(call, room.log_sums.data(), nullptr);
  kernels.loss.activate(call);
}

}  // namespace

void FastNetEngine::forward(const Rows& rows, int from, int to, RealSpan out,
                            const Run& run) const {
  const DenseKernels& kernels = kernels_for(state_);
  float* outputs = out.as<float>();
  const int64_t n_in = shape().n_inputs(from), n_out = shape().n_outputs(to - 1);
  // Few rows are shared among all threads.
  const int64_t share = round_up(divide_up(rows.rows(), run.n_threads), 4);
  const int64_t n_rows = std::clamp<int64_t>(share, 1, kMostRows);
  parallel_region(run, [&](Team& team) {
    BlockRoom room(shape(), from, to, n_rows, state_.bfloat16);
    team.for_each(divide_up(rows.rows(), n_rows), [&](int64_t block) {
      const int64_t first = block * n_rows, n = std::min(n_rows, rows.rows() - first);
      rows.gather_values<float>(nullptr, first, n, room.row_major.data(), n_in);
      room.values[0].set_rows(0, n, room.row_major.data(), n_in);
      for (int l = from; l < to; ++l)
        apply_layer(kernels, state_, l, n, room.values[l - from], room.values[l - from + 1],
                    state_.bfloat16 ? &room.pairs[l - from] : nullptr, room);
      room.values.back().copy_rows(0, n, outputs + first * n_out, n_out);
    });
  });
}

}  // namespace udl
