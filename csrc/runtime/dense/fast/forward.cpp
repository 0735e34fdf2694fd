// Outputs of some layers: blocks of rows, each taken through all layers by one thread.
#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/data/block_ranges.h"
#include "runtime/dense/fast/engine.h"
#include "runtime/dense/fast/values/listed_inputs.h"
#include "runtime/dispatch/target.h"
#include "runtime/memory/unit_panels.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kMostRows = 144;

/// Weights of tied layers `from` .., where products round, transposed once for all rows.
class TransposedWeights {
 public:
  TransposedWeights(const FastState& net, int from, int to) : net_(net), from_(from) {
    for (int l = from; l < to; ++l)
      panels_.emplace_back(net.bfloat16 && net.shape.is_tied(l) ? n_panels(l) * stride(l) : 0);
  }

  /// In regions of its own: after panels of weights, which take microseconds, an interrupt would be
  /// asked for once in many blocks of rows only.
  void pack(const DenseKernels& kernels, const Run& run) {
    for (int i = 0; i < static_cast<int>(panels_.size()); ++i) {
      const int l = from_ + i;
      if (panels_[i].size() == 0) continue;
      parallel_for(run, n_panels(l), [&](int64_t panel) {
        kernels.bfloat16.pack_transposed(net_.weights(l), panel, 1, panels_[i].data());
      });
    }
  }
  /// Null pointers where there are none.
  PairedWeights of_layer(int layer) const {
    if (panels_.empty() || panels_[layer - from_].size() == 0) return {};
    return {panels_[layer - from_].data(), stride(layer)};
  }

 private:
  int64_t n_panels(int layer) const { return divide_up(net_.shape.n_outputs(layer), kTileUnits); }
  int64_t stride(int layer) const { return paired_stride(net_.shape.n_inputs(layer)); }

  const FastState& net_;
  const int from_;
  std::vector<Buffer<float>> panels_;
};

/// Of one thread: values before and after a layer.
struct BlockRoom {
  BlockRoom(const NetShape& shape, int from, int to, int64_t rows, bool rounds, bool is_listed)
      : max_rows(rows), n_inputs(shape.n_inputs(from)) {
    const bool lists_rows = rounds && is_listed;  // which nobody else reads
    values.emplace_back(lists_rows ? 0 : rows, n_inputs);
    for (int l = from; l < to; ++l) values.emplace_back(rows, shape.n_outputs(l));
    for (int l = from; rounds && l < to; ++l)
      pairs.emplace_back(lists_rows && l == from ? 0 : rows, shape.n_inputs(l), false);
    if (is_listed) lists = RowLists(n_inputs, rows, rounds);
    if (lists_rows && shape.n_outputs(from) >= kFewestOutputs) {
      order.resize(rows);
      masks.resize(rows * pair_mask_words(n_inputs));
    }
    strip.resize(kStripScratch);
    log_sums.resize(rows);
  }
  /// Rows first .. first + count - 1, one after the other; they have as many columns as the first
  /// layer has inputs.
  const float* inputs_of(const Rows& rows, int64_t first, int64_t count) {
    if (rows.floats() != nullptr) return rows.floats() + first * n_inputs;
    row_major.reserve(max_rows * n_inputs);
    rows.gather_values<float>(nullptr, first, count, row_major.data(), n_inputs);
    return row_major.data();
  }
  /// Takes `count` inputs in.
  void set_inputs(const DenseKernels& kernels, const float* inputs, int64_t count) {
    if (!lists.rounds()) return values[0].set_rows(0, count, inputs, n_inputs);
    UnitRows rows{inputs, n_inputs, n_inputs, nullptr};
    if (order.size() > 0) {
      kernels.bfloat16.order_alike(rows, count, masks.data(), order.data());
      rows.order = order.data();
    }
    lists.list_rows(kernels, rows, count, 0);
  }
  /// The values behind the last layer as n_columns columns.
  void copy_outputs(int64_t count, float* to, int64_t n_columns) {
    if (order.size() == 0) return values.back().copy_rows(0, count, to, n_columns);
    for (int64_t r = 0; r < count; ++r)
      values.back().copy_rows(r, 1, to + order[r] * n_columns, n_columns);
  }

  /// Of the first layer, from which on short lists save more than it costs to find rows that are
  /// alike, which does not depend on their number.
  static constexpr int64_t kFewestOutputs = 256;

  int64_t max_rows, n_inputs;
  std::vector<UnitMatrix> values;
  std::vector<PairMatrix> pairs;  ///< of inputs of each layer, where products round
  RowLists lists;                 ///< of the first inputs, where they pay
  Buffer<int32_t> order;          ///< of rows from the first layer on; empty: as they come
  Buffer<uint64_t> masks;
  Buffer<float> strip, row_major, log_sums;
};

void multiply(const DenseKernels& kernels, bool is_tied, const DenseProduct& product,
              const PairMatrix* pairs) {
  if (pairs != nullptr)
    (is_tied ? kernels.bfloat16.to_inputs : kernels.bfloat16.to_outputs)(product, pairs->view());
  else
    (is_tied ? kernels.products.to_inputs : kernels.products.to_outputs)(product);
}

void multiply_listed(const DenseKernels& kernels, const DenseProduct& product, RowLists& lists) {
  if (lists.rounds()) return kernels.bfloat16.listed_to_outputs(product, lists.view());
  for (int64_t block = 0; block < divide_up(product.n_rows, RowLists::kBlockRows); ++block)
    lists.list_block(kernels, product.values, product.n_rows, block);
  kernels.lists.to_outputs(product, lists.view());
}

void apply_layer(const DenseKernels& kernels, const FastState& net, int layer, int64_t n_rows,
                 const TransposedWeights& transposed, const UnitMatrix& in, UnitMatrix& out,
                 PairMatrix* pairs, bool is_listed, BlockRoom& room) {
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
  product.paired = transposed.of_layer(layer);
  if (pairs != nullptr) pairs->pack(kernels, in.view(), {0, in.n_panels(), 0, n_rows});
  if (is_listed)
    multiply_listed(kernels, product, room.lists);
  else
    multiply(kernels, net.shape.is_tied(layer), product, pairs);
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

void FastNetEngine::forward(const ForwardCall& call, const Run& run) const {
  if (call.rounding) return forward_rounded(call, run);
  const DenseKernels& kernels = kernels_for(state_);
  const Rows& rows = call.rows;
  const int from = call.from, to = call.to;
  float* outputs = call.out.as<float>();
  const int64_t n_in = shape().n_inputs(from), n_out = shape().n_outputs(to - 1);
  // Few rows are shared among all threads.
  const int64_t share = round_up(divide_up(rows.rows(), run.n_threads), 4);
  const int64_t n_rows = std::clamp<int64_t>(share, 1, kMostRows);
  const bool is_listed =
      !shape().is_tied(from) && lists_have_room(n_in, n_rows) && lists_pay({rows}, Objective());
  const int64_t n_blocks = divide_up(rows.rows(), n_rows);
  TransposedWeights transposed(state_, from, n_blocks > run.n_threads ? to : from);
  transposed.pack(kernels, run);
  BlockRanges ranges(rows, n_blocks, call.range);
  parallel_region(run, [&](Team& team) {
    BlockRoom room(shape(), from, to, n_rows, state_.bfloat16, is_listed);
    team.for_each(n_blocks, [&](int64_t block) {
      const int64_t first = block * n_rows, n = std::min(n_rows, rows.rows() - first);
      ranges.look(block, first, n);
      room.set_inputs(kernels, room.inputs_of(rows, first, n), n);
      for (int l = from; l < to; ++l)
        apply_layer(kernels, state_, l, n, transposed, room.values[l - from],
                    room.values[l - from + 1], state_.bfloat16 ? &room.pairs[l - from] : nullptr,
                    is_listed && l == from, room);
      room.copy_outputs(n, outputs + first * n_out, n_out);
    });
  });
  ranges.gather();
}

}  // namespace udl
