// The stages from the inputs to the errors of the last layer.
#include <algorithm>
#include <utility>

#include "runtime/dense/fast/stages/row_blocks.h"
#include "runtime/dense/fast/stages/stages.h"

namespace udl {

DenseProduct FastStages::to_outputs(const NetPart& part, int layer, UnitMatrix& out) const {
  DenseProduct product{};
  product.weights = net_.weights(layer);
  product.values = rooms_.seen(rooms_.input(part.index), layer);
  product.out = out.view();
  product.finish.n_units = net_.shape.n_outputs(layer);
  product.finish.bias = net_.values[layer].bias.data();
  return product;
}

/// Of tied layers, weights lie the other way round.
void FastStages::multiply(int layer, bool upwards, const DenseProduct& product,
                          const PairPanels& pairs) const {
  const bool to_outputs = upwards != net_.shape.is_tied(layer);
  if (net_.bfloat16)
    (to_outputs ? kernels_.bfloat16.to_outputs : kernels_.bfloat16.to_inputs)(product, pairs);
  else
    (to_outputs ? kernels_.products.to_outputs : kernels_.products.to_inputs)(product);
}

/// Those of the last layer are of one kind: the loss is added up task by task.
ProductTasks FastStages::output_tasks(const NetPart& part, int layer) const {
  const bool is_listed = layer == 0 && lists_.are_used() && net_.shape.last_layer() > 0;
  const int64_t listed = net_.bfloat16 ? kListedPairPanels : kListedPanels;
  return {net_.shape.n_outputs(layer), part.count, is_listed ? listed : kTaskPanels};
}

template <class Then>
void FastStages::compute_outputs(Team& team, const NetPart& part, int layer, Activation activation,
                                 UnitMatrix& out, Then&& then) {
  LayerRoom& room = rooms_.layers[layer];
  DenseProduct whole = to_outputs(part, layer, out);
  whole.finish.activation = activation;
  if (!room.noise.empty()) whole.finish.noise = std::as_const(room.noise).view();
  const ProductTasks tasks = output_tasks(part, layer);
  const bool is_listed = layer == 0 && lists_.are_used();
  const InputRoom& input = rooms_.input(part.index);
  const bool lists_units = layer == 0 && lists_serve_learning() && !lists_.is_kept(part);
  const int64_t n_panels = lists_units ? input.inputs.n_panels() : 0;
  team.for_each(tasks.count() + n_panels, [&](int64_t task) {
    if (task >= tasks.count())
      return lists_.list_panel(kernels_, part, input.inputs.view(), task - tasks.count());
    DenseProduct product = whole;
    tasks.place(task, product);
    product.scratch = scratch_[team.thread_index()].strip.data();
    if (!room.noise.empty()) noise_.draw_code_noise(layer, part, range_of(product), room);
    if (is_listed)
      (net_.bfloat16 ? kernels_.bfloat16.listed_to_outputs : kernels_.lists.to_outputs)(
          product, lists_.by_row(part).view());
    else
      multiply(layer, true, product, rooms_.seen_pairs(input, layer));
    then(task, product);
  });
}

void FastStages::forward(Team& team, const NetPart& part, int n_layers) {
  for (int l = 0; l < n_layers; ++l) {
    LayerRoom& room = rooms_.layers[l];
    compute_outputs(team, part, l, net_.shape.activations[l], room.outputs,
                    [&](int64_t, const DenseProduct& of) {
                      if (!room.passed.empty()) noise_.change_outputs(l, part, range_of(of), room);
                      room.seen_pairs.pack(kernels_, room.seen(), range_of(of));
                    });
  }
}

LossCall FastStages::loss_call(const NetPart& part, float factor) {
  const NetShape& shape = net_.shape;
  LossCall call{};
  call.loss = shape.loss;
  call.activation = shape.activations.back();
  call.units = rooms_.layers.back().errors.view();
  call.targets = rooms_.input(part.index).targets();
  call.n_units = shape.n_outputs();
  call.n_panels = divide_up(call.n_units, kTileUnits);
  call.n_rows = part.count;
  call.factor = factor;
  call.log_sums = rooms_.log_sums.data();
  call.target_sums = rooms_.target_sums.data();
  return call;
}

double FastStages::loss(Team& team, const NetPart& part, float factor) {
  const NetShape& shape = net_.shape;
  const bool is_softmax = shape.activations.back() == Activation::softmax;
  const LossCall whole = loss_call(part, factor);
  const ProductTasks tasks = output_tasks(part, shape.last_layer());
  const auto find_errors = [&](int64_t task) {
    LossCall call = whole;
    tasks.place(task, call);
    losses_[task] = kernels_.loss.errors(call);
    LayerRoom& room = rooms_.layers.back();
    sum_errors(room, tasks, task);
    room.error_pairs.pack(kernels_, std::as_const(room.errors).view(), range_of(call));
  };
  compute_outputs(team, part, shape.last_layer(), Activation::linear, rooms_.layers.back().errors,
                  [&](int64_t task, const DenseProduct&) {
                    if (!is_softmax) find_errors(task);
                  });
  if (is_softmax) {
    team.for_each(n_blocks(part), [&](int64_t block) {
      LossCall call = whole;
      call.first_row = block * kBlockRows;
      call.n_rows = std::min(kBlockRows, part.count - call.first_row);
      kernels_.loss.softmax_sums(call, rooms_.log_sums.data(), rooms_.target_sums.data());
    });
    team.for_each(tasks.count(), find_errors);
  }
  double sum = 0;
  for (int64_t task = 0; task < tasks.count(); ++task) sum += losses_[task];
  return sum;
}

/// Of softmax outputs y the gradient g becomes y (g - sum of g y).
void FastStages::begin_backward(Team& team, const NetPart& part, const float* gradient) {
  const NetShape& shape = net_.shape;
  const int64_t n_out = shape.n_outputs();
  const bool is_softmax = shape.activations.back() == Activation::softmax;
  LayerRoom& room = rooms_.layers.back();
  compute_outputs(team, part, shape.last_layer(),
                  is_softmax ? Activation::linear : shape.activations.back(), room.outputs,
                  [](int64_t, const DenseProduct&) {});
  team.for_each(n_blocks(part), [&](int64_t block) {
    const int64_t first = block * kBlockRows, n = std::min(kBlockRows, part.count - first);
    room.errors.set_rows(first, n, gradient + first * n_out, n_out);
    LossCall call = loss_call(part, 1);
    call.units = room.outputs.view();
    call.first_row = first;
    call.n_rows = n;
    if (is_softmax) {
      kernels_.loss.softmax_sums(call, rooms_.log_sums.data(), nullptr);
      kernels_.loss.activate(call);
    }
    kernels_.loss.output_errors(call, room.errors.view());
    room.error_pairs.pack(kernels_, std::as_const(room.errors).view(),
                          all_panels(room.errors, first, n));
  });
  const ProductTasks tasks(n_out, part.count);
  team.for_each(tasks.count(), [&](int64_t task) { sum_errors(room, tasks, task); });
}

}  // namespace udl
