#include "runtime/bench/dense_rates.h"

#include <numeric>
#include <utility>

#include "runtime/dense/fast/halves.h"
#include "runtime/dense/fast/stages/tasks.h"
#include "runtime/dispatch/target.h"

namespace udl {
namespace {

/// Of both signs, no two rows alike.
std::vector<float> small_values(int64_t n) {
  std::vector<float> values(n);
  for (int64_t i = 0; i < n; ++i)
    values[i] = static_cast<float>(i * 2654435761 % 1024 - 512) / 8192.0f;
  return values;
}

UnitMatrix small_units(int64_t n_rows, int64_t n_units) {
  UnitMatrix units(n_rows, n_units);
  units.set_rows(0, n_rows, small_values(n_rows * n_units).data(), n_units);
  return units;
}

}  // namespace

LayerRates::LayerRates(int64_t n_rows, int64_t n_inputs, int64_t n_outputs, bool rounds)
    : n_rows_(n_rows),
      n_inputs_(n_inputs),
      n_outputs_(n_outputs),
      rounds_(rounds),
      weights_(n_outputs, n_inputs),
      velocity_(n_outputs, n_inputs),
      inputs_(small_units(n_rows, n_inputs)),
      outputs_(n_rows, n_outputs),
      errors_(small_units(n_rows, n_outputs)),
      input_errors_(n_rows, n_inputs) {
  weights_.assign(small_values(n_outputs * n_inputs).data());
  if (!rounds) return;
  split_weights(weights_);
  input_pairs_ = PairMatrix(n_rows, n_inputs);
  error_pairs_ = PairMatrix(n_rows, n_outputs);
  input_pairs_.pack(dense_kernels(), std::as_const(inputs_).view(),
                    {0, inputs_.n_panels(), 0, n_rows});
  error_pairs_.pack(dense_kernels(), std::as_const(errors_).view(),
                    {0, errors_.n_panels(), 0, n_rows});
}

void LayerRates::run(LayerProduct which, int64_t n, const Run& run) {
  scratch_.resize(run.n_threads);
  for (Buffer<float>& strip : scratch_) strip.reserve(kStripScratch);
  parallel_region(run, [&](Team& team) {
    for (int64_t i = 0; i < n && !team.stopped(); ++i)
      which == LayerProduct::update ? update(team) : multiply(team, which);
  });
}

void LayerRates::multiply(Team& team, LayerProduct which) {
  const bool forward = which == LayerProduct::forward;
  const DenseKernels& kernels = dense_kernels();
  DenseProduct whole{};
  whole.weights = {weights_.panel(0), n_inputs_, n_outputs_};
  whole.values = std::as_const(forward ? inputs_ : errors_).view();
  whole.out = (forward ? outputs_ : input_errors_).view();
  whole.finish.activation = Activation::logistic;
  whole.finish.n_units = forward ? n_outputs_ : n_inputs_;
  if (!forward) whole.finish.outputs = std::as_const(inputs_).view();
  const ProductTasks tasks(whole.finish.n_units, n_rows_);
  team.for_each(tasks.count(), [&](int64_t task) {
    DenseProduct product = whole;
    tasks.place(task, product);
    product.scratch = scratch_[team.thread_index()].data();
    if (rounds_)
      (forward ? kernels.bfloat16.to_outputs : kernels.bfloat16.to_inputs)(
          product, (forward ? input_pairs_ : error_pairs_).view());
    else
      (forward ? kernels.products.to_outputs : kernels.products.to_inputs)(product);
  });
}

/// Steps of no length: weights stay what they are.
void LayerRates::update(Team& team) {
  const DenseKernels& kernels = dense_kernels();
  const GradientTerm term{std::as_const(inputs_).view(), std::as_const(errors_).view()};
  const PairTerm pairs{input_pairs_.view(), error_pairs_.view()};
  const UpdateTasks tasks(n_inputs_, n_outputs_);
  team.for_each(tasks.count(), [&](int64_t task) {
    DenseUpdate update{};
    update.terms = &term;
    update.n_terms = 1;
    update.n_rows = n_rows_;
    update.weights = weights_.panel(0);
    update.first = velocity_.panel(0);
    update.in_halves = rounds_;
    update.panel_stride = weights_.panel_stride();
    update.step.rule = OptimizerRule::sgd;
    update.step.rate = 1e-12f;
    tasks.place(task, update);
    if (rounds_)
      kernels.bfloat16.weights(update, &pairs);
    else
      kernels.update.weights(update);
  });
}

double LayerRates::total(LayerProduct which) {
  run(which, 1, {});
  if (which == LayerProduct::update) {
    const float* values = velocity_.panel(0);
    return std::accumulate(values, values + velocity_.n_panels() * velocity_.panel_stride(), 0.0);
  }
  UnitMatrix& units = which == LayerProduct::forward ? outputs_ : input_errors_;
  std::vector<float> values(n_rows_ * units.n_units());
  units.copy_rows(0, n_rows_, values.data(), units.n_units());
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace udl
