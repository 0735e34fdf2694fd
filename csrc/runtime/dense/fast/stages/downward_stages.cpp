// The stages from the errors of the last layer down, in which layers learn.
#include <algorithm>
#include <utility>

#include "runtime/dense/fast/stages/row_blocks.h"
#include "runtime/dense/fast/stages/stages.h"

namespace udl {
namespace {

float* row_or_null(FastLayers* layers, int layer, bool is_bias) {
  if (layers == nullptr) return nullptr;
  FastLayer& of_layer = (*layers)[layer];
  return is_bias ? of_layer.bias.data() : of_layer.weights.panel(0);
}

}  // namespace

/// Errors of the layer below `layer`.
void FastStages::propagate(int layer, const ProductTasks& tasks, int64_t task, Scratch& scratch) {
  LayerRoom& below = rooms_.layers[layer - 1];
  DenseProduct product{};
  product.weights = net_.weights(layer);
  product.values = std::as_const(rooms_.layers[layer].errors).view();
  product.out = below.errors.view();
  product.finish.activation = net_.shape.activations[layer - 1];
  product.finish.n_units = net_.shape.n_inputs(layer);
  product.finish.outputs = std::as_const(below.outputs).view();
  if (!below.scales.empty()) product.finish.scales = std::as_const(below.scales).view();
  if (below.term.size() > 0) product.finish.term = below.term.data();
  product.scratch = scratch.strip.data();
  tasks.place(task, product);
  multiply(layer, false, product, rooms_.layers[layer].error_pairs.view());
  sum_errors(below, tasks, task);
  const ConstUnitPanels errors = std::as_const(below.errors).view();
  if (layer > 1)
    below.error_pairs.pack(kernels_, errors, range_of(product));
  else
    below.error_pairs.pack_rows(kernels_, errors, range_of(product));
}

/// The errors of a task while they are near: biases learn from their sums.
void FastStages::sum_errors(LayerRoom& room, const ProductTasks& tasks, int64_t task) const {
  RowSums call{};
  call.values = std::as_const(room.errors).view();
  tasks.place(task, call);
  call.sums = room.error_sums.data() +
              (tasks.stretch(task) * room.errors.n_panels() + call.first_panel) * kTileUnits;
  kernels_.update.sum_rows(call);
}

UpdateTasks FastStages::update_tasks(int layer) const {
  const bool is_listed = layer == 0 && lists_serve_learning();
  const int64_t listed = net_.bfloat16 ? kListedPairPanels : kListedPanels;
  return {net_.shape.n_inputs(layer), net_.shape.n_outputs(layer),
          is_listed ? listed : kTaskPanels};
}

int64_t FastStages::learning_tasks(int layer) const {
  return net_.shape.is_tied(layer) ? 1 : 1 + update_tasks(layer).count();
}

void FastStages::learn(const NetPart& part, int layer, int64_t task, const GradientUse& use) {
  if (task == 0)
    learn_bias(part, layer, use);
  else
    learn_weights(part, layer, task - 1, use);
}

void FastStages::learn_bias(const NetPart& part, int layer, const GradientUse& use) {
  LayerRoom& room = rooms_.layers[layer];
  const int64_t n_panels = room.errors.n_panels(), n = n_panels * kTileUnits;
  float* gradient = room.error_sums.data();  // of the first stretch, to which the others are added
  for (int64_t s = 1; s < ProductTasks(room.errors.n_units(), part.count).n_stretches(); ++s)
    for (int64_t k = 0; k < n; ++k) gradient[k] += gradient[s * n + k];
  const auto at = [layer](FastLayers* layers) { return row_or_null(layers, layer, true); };
  kernels_.update.step(
      use.step, false,
      {at(use.values), at(use.first), at(use.second), gradient, n_panels, nullptr});
}

void FastStages::learn_weights(const NetPart& part, int layer, int64_t task,
                               const GradientUse& use) {
  const std::vector<GradientTerm>& terms = terms_[part.index % rooms_.n_inputs()][layer];
  DenseUpdate update{};
  update.terms = terms.data();
  update.n_terms = static_cast<int64_t>(terms.size());
  update.n_rows = part.count;
  update.weights = row_or_null(use.values, layer, false);
  update.first = row_or_null(use.first, layer, false);
  update.second = row_or_null(use.second, layer, false);
  update.in_halves = net_.bfloat16 && update.weights != nullptr;
  update.panel_stride = net_.values[layer].weights.panel_stride();
  update.step = use.step;
  if (!objective_.decays(layer)) update.step.weight_decay = 0;
  update_tasks(layer).place(task, update);
  const bool by_lists = layer == 0 && lists_serve_learning();
  if (net_.bfloat16) {
    const std::vector<PairTerm>& pairs = pair_terms_[part.index % rooms_.n_inputs()][layer];
    if (by_lists)
      kernels_.bfloat16.listed_weights(update, pairs[0].outputs, lists_.of_pairs(part));
    else
      kernels_.bfloat16.weights(update, pairs.data());
  } else if (by_lists) {
    kernels_.lists.weights(update, lists_.of_pairs(part));
  } else {
    kernels_.update.weights(update);
  }
}

void FastStages::backward(Team& team, const NetPart& part, const GradientUse& use,
                          const NetPart& next) {
  const NetShape& shape = net_.shape;
  const int last = shape.last_layer();
  for (int l = last; l > 0; --l) {
    const ProductTasks tasks(shape.n_inputs(l), part.count);
    const int64_t n_learning = l < last ? learning_tasks(l + 1) : 0;
    team.for_each(tasks.count() + n_learning, [&](int64_t task) {
      if (task < tasks.count())
        propagate(l, tasks, task, scratch_[team.thread_index()]);
      else
        learn(part, l + 1, task - tasks.count(), use);
    });
  }
  // Lists wait for parameters, which are far away, and whole products for sums.
  const MixedTasks mixed(last > 0 ? learning_tasks(1) : 0, learning_tasks(0));
  team.for_each(mixed.count() + n_blocks(next), [&](int64_t task) {
    if (task >= mixed.count())
      return fetch_block(next, task - mixed.count(), scratch_[team.thread_index()]);
    if (mixed.is_first(task)) return learn(part, 1, mixed.first(task), use);
    learn(part, 0, mixed.second(task), use);
  });
}

void FastStages::input_gradient(Team& team, const NetPart& part, float* out) {
  const int64_t n_in = net_.shape.n_inputs();
  UnitMatrix& room = rooms_.input(part.index).inputs;  // which nobody needs any more
  LayerRoom& first_layer = rooms_.layers[0];
  // Gradients take pairs of rows alone.
  team.for_each(n_blocks(part), [&](int64_t block) {
    const int64_t first = block * kBlockRows;
    first_layer.error_pairs.pack(
        kernels_, std::as_const(first_layer.errors).view(),
        all_panels(first_layer.errors, first, std::min(kBlockRows, part.count - first)));
  });
  const ProductTasks tasks(n_in, part.count);
  team.for_each(tasks.count(), [&](int64_t task) {
    DenseProduct product{};
    product.weights = net_.weights(0);
    product.values = std::as_const(rooms_.layers[0].errors).view();
    product.out = room.view();
    product.finish.n_units = n_in;
    product.scratch = scratch_[team.thread_index()].strip.data();
    tasks.place(task, product);
    multiply(0, false, product, rooms_.layers[0].error_pairs.view());
  });
  team.for_each(n_blocks(part), [&](int64_t block) {
    const int64_t first = block * kBlockRows;
    room.copy_rows(first, std::min(kBlockRows, part.count - first), out + first * n_in, n_in);
  });
}

}  // namespace udl
