#include "runtime/dense/plain/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <type_traits>

#include "runtime/data/block_ranges.h"
#include "runtime/dense/plain/gradient.h"
#include "runtime/dense/plain/optimiser.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

template <class Real>
NetPrecision PlainNetEngine<Real>::precision() const {
  return std::is_same_v<Real, double> ? NetPrecision::float64 : NetPrecision::float32;
}

template <class Real>
NetTrainResult PlainNetEngine<Real>::train(const NetTrainCall& call, const Run& run) {
  const auto start = Clock::now();
  auto last_poll = start;
  const NetSettings& settings = call.settings;
  const NetDraws draws(call.seed, call.step);
  PlainGradient<Real> gradient(state_, call.examples, settings.batch_size, settings.objective,
                               draws, run);
  NetTrainResult result;
  double loss = 0;
  for (int64_t i = 0; i < gradient.minibatches().count() && !result.stopped && result.finite; ++i) {
    const Minibatch batch = gradient.minibatches()[i];
    const double of_batch = gradient.compute(batch);
    result.finite = std::isfinite(of_batch) || run.stopped();
    udl::update(state_, gradient.gradient(), settings.rule, run);
    loss += of_batch * static_cast<double>(batch.count);
    result.n_updates += 1;
    result.n_rows += batch.count;
    result.stopped = run.stopped();
    if (call.poll && !result.stopped && seconds_since(last_poll) >= kPollSeconds) {
      result.stopped = call.poll(result.n_rows);
      last_poll = Clock::now();
    }
  }
  result.finite = result.finite && is_finite(state_);
  result.step = static_cast<int64_t>(call.step) + result.n_updates;
  result.loss = loss / static_cast<double>(result.n_rows);
  result.seconds = seconds_since(start);
  return result;
}

template <class Real>
double PlainNetEngine<Real>::gradient(const GradientCall& call, double* flat,
                                      const Run& run) const {
  const NetDraws draws(call.seed, call.step);
  PlainGradient<Real> gradient(state_, call.examples, call.examples.rows.rows(), call.objective,
                               draws, run);
  const double loss = gradient.compute(gradient.minibatches()[0]);
  copy_flat(state_.shape, gradient.gradient(), flat);
  return loss + gradient.penalties();
}

// ---- parts ----

template <class Real>
void PlainNetEngine<Real>::forward(const ForwardCall& call, const Run& run) const {
  if (call.rounding)
    throw NotAvailable("forward: a net of precision='float64' is not rounded to integers");
  const NetShape& shape = state_.shape;
  const Rows& rows = call.rows;
  const int from = call.from, to = call.to;
  const int64_t n_in = shape.n_inputs(from), n_out = shape.n_outputs(to - 1);
  Real* values = call.out.template as<Real>();
  constexpr int64_t kRows = PlainBlock<Real>::kRows;
  const int64_t n_blocks = divide_up(rows.rows(), kRows);
  BlockRanges ranges(rows, n_blocks, call.range);
  parallel_for(run, n_blocks, [&](int64_t part) {
    PlainBlock<Real> block(state_, nullptr, from, to);
    const int64_t first = part * kRows, n = std::min(kRows, rows.rows() - first);
    ranges.look(part, first, n);
    rows.gather_values<Real>(nullptr, first, n, block.inputs(), n_in);
    for (int64_t r = 0; r < n; ++r) {
      block.forward(r, 0, 0);
      std::copy_n(block.outputs(to - 1, r), n_out, values + (first + r) * n_out);
    }
  });
  ranges.gather();
}

template <class Real>
void PlainNetEngine<Real>::backward(const Rows& rows, RealView output_gradient,
                                    RealSpan input_gradient, const Run& run) {
  const NetShape& shape = state_.shape;
  const int64_t n_in = shape.n_inputs(), n_out = shape.n_outputs();
  const Real* by_outputs = output_gradient.template as<Real>();
  Real* by_inputs = input_gradient.template as<Real>();
  auto sum = gradient_.empty() ? zero_layers<double>(shape) : gradient_;
  PlainBlock<Real> block(state_, nullptr);
  constexpr int64_t kRows = PlainBlock<Real>::kRows;
  for (int64_t first = 0; first < rows.rows() && !run.stopped(); first += kRows) {
    const int64_t n = std::min(kRows, rows.rows() - first);
    rows.gather_values<Real>(nullptr, first, n, block.inputs(), n_in);
    parallel_for(run, n, [&](int64_t r) {
      block.forward(r, 0, 0);
      block.begin_backward(r, by_outputs + (first + r) * n_out);
      block.backward(r, {});
      if (by_inputs == nullptr) return;
      Real* to = by_inputs + (first + r) * n_in;
      std::fill_n(to, n_in, Real{0});
      block.add_input_gradient(r, to);
    });
    for (int l = 0; l < shape.n_layers(); ++l) {
      if (!shape.is_tied(l))
        parallel_for(run, shape.n_inputs(l), [&](int64_t i) {
          block.add_weight_gradient(l, i, n, &sum[l].weights[i * shape.n_outputs(l)]);
        });
      block.add_bias_gradient(l, n, sum[l].bias.data());
    }
  }
  if (!run.stopped()) gradient_ = std::move(sum);
}

template <class Real>
void PlainNetEngine<Real>::update(const UpdateRule& rule, const Objective& objective,
                                  const Run& run) {
  if (gradient_.empty()) gradient_ = zero_layers<double>(state_.shape);
  add_weight_penalties(state_, objective, run, gradient_);
  udl::update(state_, gradient_, rule, run);
  gradient_.clear();
}

template class PlainNetEngine<double>;

}  // namespace udl
