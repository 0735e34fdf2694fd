#include "runtime/dense/fast/engine.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/dense/fast/gradient.h"
#include "runtime/dense/fast/optimiser.h"
#include "runtime/dense/fast/parts.h"
#include "runtime/dense/fast/stages/stages.h"

namespace udl {

FastNetEngine::FastNetEngine(const NetShape& shape, NetPrecision precision)
    : StatefulNetEngine<FastState>(shape, FastState(shape, precision == NetPrecision::fast)) {
  kernels_for(state_);
}

double FastNetEngine::gradient(const GradientCall& call, double* flat, const Run& run) const {
  std::unique_ptr<GradientRoom> room;
  if (call.workspace != nullptr) room = call.workspace->take();
  auto* gradient = dynamic_cast<FastGradient*>(room.get());
  if (gradient == nullptr || !gradient->serves(state_, call, run.n_threads)) {
    room.reset();  // before there is another one
    room = std::make_unique<FastGradient>(state_, call, run.n_threads);
    gradient = static_cast<FastGradient*>(room.get());
  }
  const double value = gradient->evaluate(flat, run);
  if (call.workspace != nullptr && !run.stopped()) call.workspace->give(std::move(room));
  return value;
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
    for (int64_t i = 0; i < n_parts(n_rows) && !team.stopped(); ++i) {
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
