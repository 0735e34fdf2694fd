#include "runtime/dense/fast/stages.h"

#include <algorithm>
#include <utility>

namespace udl {
namespace {

constexpr int64_t kBlockRows = RowLists::kBlockRows;
constexpr int64_t kBiasPanels = 8;  ///< whose biases are learned in one task

/// What adds up to the gradient of each layer's own weights.
std::vector<std::vector<GradientTerm>> gradient_terms(const NetShape& shape, const NetRooms& rooms,
                                                      const InputRoom& input) {
  std::vector<std::vector<GradientTerm>> terms(shape.n_layers());
  for (int l = 0; l < shape.n_layers(); ++l) {
    const ConstUnitPanels seen = rooms.seen(input, l), errors = rooms.layers[l].errors.view();
    terms[shape.owner(l)].push_back(shape.is_tied(l) ? GradientTerm{errors, seen}
                                                     : GradientTerm{seen, errors});
  }
  return terms;
}

std::vector<std::vector<PairTerm>> gradient_pairs(const NetShape& shape, const NetRooms& rooms,
                                                  const InputRoom& input) {
  std::vector<std::vector<PairTerm>> terms(shape.n_layers());
  for (int l = 0; l < shape.n_layers(); ++l) {
    const PairPanels seen = rooms.seen_pairs(input, l), errors = rooms.layers[l].error_pairs.view();
    terms[shape.owner(l)].push_back(shape.is_tied(l) ? PairTerm{errors, seen}
                                                     : PairTerm{seen, errors});
  }
  return terms;
}

PanelRange all_panels(const UnitMatrix& units, int64_t first_row, int64_t n_rows) {
  return {0, units.n_panels(), first_row, n_rows};
}

template <class Call>
PanelRange range_of(const Call& call) {
  return {call.first_panel, call.n_panels, call.first_row, call.n_rows};
}

int64_t n_blocks(const NetPart& part) { return divide_up(part.count, kBlockRows); }

float* row_or_null(FastLayers* layers, int layer, bool is_bias) {
  if (layers == nullptr) return nullptr;
  FastLayer& of_layer = (*layers)[layer];
  return is_bias ? of_layer.bias.data() : of_layer.weights.panel(0);
}

}  // namespace

FastStages::FastStages(const FastState& net, const Examples& examples, const Objective& objective,
                       const NetDraws& draws, int64_t max_rows, int n_threads)
    : net_(net),
      examples_(examples),
      objective_(objective),
      noise_(objective, draws, examples.order),
      kernels_(kernels_for(net)),
      rooms_(net.shape, objective, max_rows, examples.targets != nullptr || objective.corrupts(),
             net.bfloat16),
      scratch_(n_threads) {
  const NetShape& shape = net.shape;
  if (lists_have_room(shape.n_inputs(), max_rows) && lists_pay(examples, objective))
    lists_ = ListedInputs(shape.n_inputs(), max_rows, net.bfloat16);
  for (int i = 0; i < 2; ++i) {
    InputRoom& input = rooms_.inputs[i];
    terms_[i] = gradient_terms(shape, rooms_, input);
    if (!net.bfloat16) continue;
    input.pairs = PairMatrix(max_rows, shape.n_inputs(), !lists_serve_learning());
    pair_terms_[i] = gradient_pairs(shape, rooms_, input);
  }
  for (Scratch& scratch : scratch_) {
    scratch.strip.resize(kStripScratch);
    scratch.rows.resize(kBlockRows * std::max(shape.n_inputs(), shape.n_outputs()));
  }
  losses_.resize(ProductTasks(shape.n_outputs(), max_rows).count());
}

// ---- rows ----

void FastStages::fetch(Team& team, const NetPart& part) {
  team.for_each(n_blocks(part),
                [&](int64_t block) { fetch_block(part, block, scratch_[team.thread_index()]); });
}

/// Targets are taken before the inputs are corrupted.
void FastStages::fetch_block(const NetPart& part, int64_t block, Scratch& scratch) {
  const int64_t first = block * kBlockRows, n = std::min(kBlockRows, part.count - first);
  const int64_t n_in = net_.shape.n_inputs(), n_out = net_.shape.n_outputs();
  InputRoom& room = rooms_.input(part.index);
  float* rows = scratch.rows.data();
  if (examples_.targets != nullptr) {
    examples_.targets->gather_values<float>(examples_.order, part.first + first, n, rows, n_out);
    room.own_targets.set_rows(first, n, rows, n_out);
  }
  examples_.rows.gather_values<float>(examples_.order, part.first + first, n, rows, n_in);
  if (objective_.corrupts()) {
    if (examples_.targets == nullptr) room.own_targets.set_rows(first, n, rows, n_in);
    noise_.corrupt(part, first, n, rows, n_in);
  }
  room.inputs.set_rows(first, n, rows, n_in);
  const ConstUnitPanels inputs = std::as_const(room.inputs).view();
  room.pairs.pack(kernels_, inputs, all_panels(room.inputs, first, n));
  if (lists_.are_used())
    lists_.by_row(part).list_block(kernels_, net_.bfloat16 ? room.pairs.unit_pairs() : inputs,
                                   part.count, block);
}

// ---- up ----

DenseProduct FastStages::to_outputs(const NetPart& part, int layer, UnitMatrix& out) const {
  DenseProduct product{};
  product.weights = net_.weights(layer);
  product.values = rooms_.seen(rooms_.inputs[part.index % 2], layer);
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
  return {net_.shape.n_outputs(layer), part.count, is_listed ? kListedPanels : kTaskPanels};
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
  const int64_t n_panels = layer == 0 && lists_serve_learning() ? input.inputs.n_panels() : 0;
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

// ---- down ----

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
  if (layer > 1 || !lists_serve_learning())
    below.error_pairs.pack(kernels_, std::as_const(below.errors).view(), range_of(product));
}

UpdateTasks FastStages::update_tasks(int layer) const {
  const bool is_listed = layer == 0 && lists_serve_learning();
  return {net_.shape.n_inputs(layer), net_.shape.n_outputs(layer),
          is_listed ? kListedPanels : kTaskPanels};
}

int64_t FastStages::learning_tasks(int layer) const {
  const NetShape& shape = net_.shape;
  const int64_t of_bias = divide_up(divide_up(shape.n_outputs(layer), kTileUnits), kBiasPanels);
  if (shape.is_tied(layer)) return of_bias;
  return of_bias + update_tasks(layer).count();
}

void FastStages::learn(const NetPart& part, int layer, int64_t task, const GradientUse& use) {
  const int64_t n_panels = divide_up(net_.shape.n_outputs(layer), kTileUnits);
  const int64_t n_bias = divide_up(n_panels, kBiasPanels);
  if (task < n_bias)
    learn_bias(part, layer, task, use);
  else
    learn_weights(part, layer, task - n_bias, use);
}

void FastStages::learn_bias(const NetPart& part, int layer, int64_t task, const GradientUse& use) {
  const ConstUnitPanels errors = std::as_const(rooms_.layers[layer].errors).view();
  const int64_t n_panels = divide_up(net_.shape.n_outputs(layer), kTileUnits);
  const int64_t end = std::min(n_panels, (task + 1) * kBiasPanels);
  for (int64_t panel = task * kBiasPanels; panel < end; ++panel) {
    const auto at = [&](FastLayers* layers) {
      float* values = row_or_null(layers, layer, true);
      return values != nullptr ? values + panel * kTileUnits : nullptr;
    };
    kernels_.update.bias(
        {errors.panel(panel), part.count, at(use.values), at(use.first), at(use.second), use.step});
  }
}

void FastStages::learn_weights(const NetPart& part, int layer, int64_t task,
                               const GradientUse& use) {
  const std::vector<GradientTerm>& terms = terms_[part.index % 2][layer];
  DenseUpdate update{};
  update.terms = terms.data();
  update.n_terms = static_cast<int64_t>(terms.size());
  update.n_rows = part.count;
  update.weights = row_or_null(use.values, layer, false);
  update.first = row_or_null(use.first, layer, false);
  update.second = row_or_null(use.second, layer, false);
  update.panel_stride = net_.values[layer].weights.panel_stride();
  update.step = use.step;
  if (!objective_.decays(layer)) update.step.weight_decay = 0;
  update_tasks(layer).place(task, update);
  if (layer == 0 && lists_serve_learning())
    kernels_.lists.weights(update, lists_.of_units(part));
  else if (net_.bfloat16)
    kernels_.bfloat16.weights(update, pair_terms_[part.index % 2][layer].data());
  else
    kernels_.update.weights(update);
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
  const int64_t n_first = learning_tasks(0), n_second = last > 0 ? learning_tasks(1) : 0;
  team.for_each(n_first + n_second + n_blocks(next), [&](int64_t task) {
    if (task < n_second) return learn(part, 1, task, use);
    if (task < n_second + n_first) return learn(part, 0, task - n_second, use);
    fetch_block(next, task - n_second - n_first, scratch_[team.thread_index()]);
  });
}

// ---- gradients of something else than a loss ----

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
}

void FastStages::input_gradient(Team& team, const NetPart& part, float* out) {
  const int64_t n_in = net_.shape.n_inputs();
  UnitMatrix& room = rooms_.input(part.index).inputs;  // which nobody needs any more
  LayerRoom& first_layer = rooms_.layers[0];
  if (lists_serve_learning())
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
