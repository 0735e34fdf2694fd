#include "runtime/dense/fast/engine.h"

#include <algorithm>
#include <utility>

#include "runtime/dense/fast/optimiser.h"
#include "runtime/dense/fast/stages/stages.h"

namespace udl {
namespace {

/// Rows that are taken up and down the net at a time where nothing depends on it.
constexpr int64_t kPartRows = 1024;

/// Part `index` of rows that are one minibatch.
NetPart part_of(int64_t n_rows, int64_t index) {
  const int64_t first = index * kPartRows;
  return {index, 0, first, std::min(kPartRows, n_rows - first), first};
}

}  // namespace

FastNetEngine::FastNetEngine(const NetShape& shape, NetPrecision precision)
    : StatefulNetEngine<FastState>(shape, FastState(shape, precision == NetPrecision::fast)) {
  kernels_for(state_);
}

/// Means over all rows have to be known before the gradient of the first.
double FastNetEngine::gradient(const GradientCall& call, double* flat, const Run& run) const {
  const int64_t n_rows = call.examples.rows.rows(), n_parts = divide_up(n_rows, kPartRows);
  const float factor = 1.0f / static_cast<float>(n_rows);
  const NetDraws draws(call.seed, call.step);
  FastStages stages(state_, call.examples, call.objective, draws, std::min(kPartRows, n_rows),
                    run.n_threads);
  FastLayers sum = zero_fast_layers(shape());
  const GradientUse use{accumulating_step(), nullptr, &sum, nullptr};
  const bool is_sparse = call.objective.has_sparsity();
  double loss = 0;
  parallel_region(run, [&](Team& team) {
    for (int64_t i = 0; i < n_parts && is_sparse && !team.stopped(); ++i) {
      const NetPart part = part_of(n_rows, i);
      stages.fetch(team, part);
      stages.forward(team, part);
      stages.add_means(team, part);
    }
    if (is_sparse) stages.find_terms(team, n_rows, factor);
    for (int64_t i = 0; i < n_parts && !team.stopped(); ++i) {
      const NetPart part = part_of(n_rows, i);
      if (!is_sparse || n_parts > 1) {  // else they are there
        stages.fetch(team, part);
        stages.forward(team, part);
      }
      const double of_part = stages.loss(team, part, factor);
      if (team.thread_index() == 0) loss += of_part;
      stages.backward(team, part, use, NetPart{});
    }
  });
  if (run.stopped()) return 0;
  copy_gradient(state_, sum, call.objective, flat);
  return loss / static_cast<double>(n_rows) + weight_penalties(state_, call.objective) +
         stages.divergence();
}

// ---- parts ----

void FastNetEngine::backward(const Rows& rows, RealView output_gradient, RealSpan input_gradient,
                             const Run& run) {
  const int64_t n_rows = rows.rows(), n_in = shape().n_inputs(), n_out = shape().n_outputs();
  const float* by_outputs = output_gradient.as<float>();
  float* by_inputs = input_gradient.as<float>();
  const NetDraws draws(0, 0);
  const Objective nothing;
  FastStages stages(state_, {rows}, nothing, draws, std::min(kPartRows, n_rows), run.n_threads);
  FastLayers sum = gradient_.empty() ? zero_fast_layers(shape()) : gradient_;
  const GradientUse use{accumulating_step(), nullptr, &sum, nullptr};
  parallel_region(run, [&](Team& team) {
    for (int64_t i = 0; i < divide_up(n_rows, kPartRows) && !team.stopped(); ++i) {
      const NetPart part = part_of(n_rows, i);
      stages.fetch(team, part);
      stages.forward(team, part);
      stages.begin_backward(team, part, by_outputs + part.first * n_out);
      stages.backward(team, part, use, NetPart{});
      if (by_inputs != nullptr) stages.input_gradient(team, part, by_inputs + part.first * n_in);
    }
  });
  if (!run.stopped()) gradient_ = std::move(sum);
}

void FastNetEngine::update(const UpdateRule& rule, const Objective& objective, const Run& run) {
  if (gradient_.empty()) gradient_ = zero_fast_layers(shape());
  update_by(state_, gradient_, rule, objective, run);
  gradient_.clear();
}

}  // namespace udl
