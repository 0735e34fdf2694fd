#include "runtime/rbm/plain/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

using Matrix = PlainRbmEngine::Matrix;
using Clock = std::chrono::steady_clock;

void check_finite(const void* from, int64_t n, const char* name) {
  const auto* values = static_cast<const double*>(from);
  for (int64_t i = 0; i < n; ++i)
    if (!std::isfinite(values[i]))
      throw_invalid(std::string(name) + " holds a value that is not finite");
}

void assign(Matrix& to, const void* from, int64_t n) {
  const auto* values = static_cast<const double*>(from);
  to.assign(values, values + n);
}

void copy_out(const Matrix& from, void* to) {
  if (to) std::copy(from.begin(), from.end(), static_cast<double*>(to));
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

/// States from probabilities: u < p, with the same u as the packed-bit engine.
void draw(Matrix& means, int64_t rows, int64_t units, const DrawSource& source, uint32_t layer,
          uint64_t step) {
  const DrawKey key = make_draw_key(source.seed, source.stream, layer, step);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < units; ++j) {
      const auto u = static_cast<double>(uniform_from_bits(
          draw_bits(key, source.first_chain + static_cast<uint32_t>(r), static_cast<uint32_t>(j))));
      means[r * units + j] = u < means[r * units + j];
    }
}

Rows to_rows(const Matrix& states, int64_t rows, int64_t units) {
  Rows out = Rows::zero_bits(rows, units);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < units; ++j)
      if (states[r * units + j] != 0)
        out.bits_row(r)[j / kWordBits] |= uint64_t{1} << (j % kWordBits);
  return out;
}

double column_mean(const Matrix& x, int64_t rows, int64_t columns, int64_t column) {
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r) sum += x[r * columns + column];
  return sum / static_cast<double>(rows);
}

double sign(double x) { return static_cast<double>((x > 0) - (x < 0)); }

bool all_finite(const Matrix& x) {
  return std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

PlainRbmEngine::PlainRbmEngine(int64_t n_visible, int64_t n_hidden)
    : RbmEngine(n_visible, n_hidden) {
  state_.weights.resize(n_hidden * n_visible);
  state_.hidden_bias.resize(n_hidden);
  state_.visible_bias.resize(n_visible);
  state_.hidden_velocity.resize(n_hidden);
  state_.visible_velocity.resize(n_visible);
  state_.mean_activation.resize(n_hidden);
}

void PlainRbmEngine::set_parameters(const void* weights, const void* hidden_bias,
                                    const void* visible_bias) {
  check_finite(weights, n_hidden() * n_visible(), "weights");
  check_finite(hidden_bias, n_hidden(), "hidden_bias");
  check_finite(visible_bias, n_visible(), "visible_bias");
  assign(state_.weights, weights, n_hidden() * n_visible());
  assign(state_.hidden_bias, hidden_bias, n_hidden());
  assign(state_.visible_bias, visible_bias, n_visible());
}

void PlainRbmEngine::get_parameters(void* weights, void* hidden_bias, void* visible_bias) const {
  copy_out(state_.weights, weights);
  copy_out(state_.hidden_bias, hidden_bias);
  copy_out(state_.visible_bias, visible_bias);
}

void PlainRbmEngine::set_optimizer(const void* weight_velocity, const void* hidden_velocity,
                                   const void* visible_velocity, const void* mean_activation) {
  if (weight_velocity) check_finite(weight_velocity, n_hidden() * n_visible(), "weight_velocity");
  if (hidden_velocity) check_finite(hidden_velocity, n_hidden(), "hidden_velocity");
  if (visible_velocity) check_finite(visible_velocity, n_visible(), "visible_velocity");
  if (mean_activation) check_finite(mean_activation, n_hidden(), "mean_activation");
  state_.weight_velocity.clear();
  if (weight_velocity) assign(state_.weight_velocity, weight_velocity, n_hidden() * n_visible());
  if (hidden_velocity) assign(state_.hidden_velocity, hidden_velocity, n_hidden());
  if (visible_velocity) assign(state_.visible_velocity, visible_velocity, n_visible());
  state_.has_mean_activation = mean_activation != nullptr;
  if (mean_activation) assign(state_.mean_activation, mean_activation, n_hidden());
}

void PlainRbmEngine::get_optimizer(void* weight_velocity, void* hidden_velocity,
                                   void* visible_velocity, void* mean_activation) const {
  copy_out(state_.weight_velocity, weight_velocity);
  copy_out(state_.hidden_velocity, hidden_velocity);
  copy_out(state_.visible_velocity, visible_velocity);
  copy_out(state_.mean_activation, mean_activation);
}

void PlainRbmEngine::set_chains(const Rows& hidden) {
  state_.chains = load(hidden);
  state_.n_chains = hidden.rows();
}

Rows PlainRbmEngine::chains() const { return to_rows(state_.chains, state_.n_chains, n_hidden()); }

void PlainRbmEngine::snapshot() { snapshot_ = std::make_unique<State>(state_); }

void PlainRbmEngine::restore() {
  if (!snapshot_) throw_invalid("RbmEngine.restore: there is no snapshot");
  state_ = *snapshot_;
}

WeightChange PlainRbmEngine::change_since_snapshot() const {
  if (!snapshot_) throw_invalid("RbmEngine.change_since_snapshot: there is no snapshot");
  WeightChangeSum sum;
  sum.add(state_.weights.data(), snapshot_->weights.data(),
          static_cast<int64_t>(state_.weights.size()));
  return sum.result();
}

Matrix PlainRbmEngine::load(const Rows& rows) const {
  Matrix out(rows.rows() * rows.columns());
  rows.gather_values<double>(nullptr, 0, rows.rows(), out.data(), rows.columns());
  return out;
}

Matrix PlainRbmEngine::means(const Matrix& from, int64_t rows, bool to_hidden,
                             int n_threads) const {
  const int64_t n_from = to_hidden ? n_visible() : n_hidden(),
                n_to = to_hidden ? n_hidden() : n_visible();
  const Matrix& bias = to_hidden ? state_.hidden_bias : state_.visible_bias;
  Matrix out(rows * n_to);
  parallel_for(n_threads, rows, [&](int64_t r) {
    for (int64_t j = 0; j < n_to; ++j) {
      double x = bias[j];
      for (int64_t i = 0; i < n_from; ++i)
        x += from[r * n_from + i] * (to_hidden ? state_.weights[j * n_visible() + i]
                                               : state_.weights[i * n_visible() + j]);
      out[r * n_to + j] = sigmoid(x);
    }
  });
  return out;
}

void PlainRbmEngine::update(const Matrix& data, int64_t n_data, const Matrix& data_means,
                            const Matrix& model, int64_t n_model, const Matrix& model_means,
                            const TrainSettings& settings) {
  const int64_t nv = n_visible(), nh = n_hidden();
  Matrix force(nh), mean_visible(nv);
  for (int64_t i = 0; i < nv; ++i) mean_visible[i] = column_mean(data, n_data, nv, i);
  const auto learn = [&](double& parameter, double& velocity, double gradient) {
    const double change = settings.momentum * velocity + settings.learning_rate * gradient;
    velocity = settings.momentum != 0 ? change : 0;
    parameter += change;
  };
  for (int64_t j = 0; j < nh; ++j) {
    const double mean = column_mean(data_means, n_data, nh, j);
    if (settings.has_sparsity) {
      double& q = state_.mean_activation[j];
      q = state_.has_mean_activation
              ? settings.sparsity_damping * q + (1 - settings.sparsity_damping) * mean
              : mean;
      force[j] = settings.sparsity_cost * (settings.sparsity_target - q);
    }
    learn(state_.hidden_bias[j], state_.hidden_velocity[j],
          mean - column_mean(model_means, n_model, nh, j) + force[j]);
  }
  state_.has_mean_activation = state_.has_mean_activation || settings.has_sparsity;
  for (int64_t i = 0; i < nv; ++i)
    learn(state_.visible_bias[i], state_.visible_velocity[i],
          mean_visible[i] - column_mean(model, n_model, nv, i));
  state_.weight_velocity.resize(nh * nv);
  for (int64_t j = 0; j < nh; ++j)
    for (int64_t i = 0; i < nv; ++i) {
      double up = 0, down = 0;
      for (int64_t r = 0; r < n_data; ++r) up += data[r * nv + i] * data_means[r * nh + j];
      for (int64_t r = 0; r < n_model; ++r) down += model[r * nv + i] * model_means[r * nh + j];
      double& w = state_.weights[j * nv + i];
      const double gradient = up / static_cast<double>(n_data) -
                              down / static_cast<double>(n_model) + force[j] * mean_visible[i];
      learn(w, state_.weight_velocity[j * nv + i],
            gradient - settings.weight_decay * w - settings.l1 * sign(w));
    }
}

TrainResult PlainRbmEngine::train(const Rows& rows, const uint32_t* order,
                                  const TrainSettings& settings, uint64_t seed, uint64_t step,
                                  int n_threads, const Poll& poll) {
  const auto start = Clock::now();
  TrainResult result;
  const DrawSource source{seed, settings.persistent ? Stream::pcd : Stream::cd, step, 0};
  const int64_t steps_per_update =
      settings.k + (settings.sampled_statistics && !settings.persistent ? 1 : 0);
  for (int64_t first = 0; first < rows.rows() && !result.stopped && result.finite;
       first += settings.batch_size) {
    const int64_t count = std::min(settings.batch_size, rows.rows() - first);
    Matrix data(count * n_visible());
    rows.gather_values<double>(order, first, count, data.data(), n_visible());
    if (settings.binarize_sample)
      draw(data, count, n_visible(), {seed, Stream::data, 0, 0}, kVisibleLayer,
           static_cast<uint64_t>(settings.data_step + result.n_updates));
    Matrix data_means = means(data, count, true, n_threads);
    const int64_t n_model = settings.persistent ? state_.n_chains : count;
    const uint64_t now = step + static_cast<uint64_t>(result.n_updates * steps_per_update);
    Matrix hidden = settings.persistent ? state_.chains : data_means, model, model_means;
    if (!settings.persistent) draw(hidden, count, n_hidden(), source, kHiddenLayer, now);
    if (settings.sampled_statistics)
      draw(data_means, count, n_hidden(), {seed, Stream::cd, step, 0}, kHiddenLayer, now);
    for (int64_t s = 0; s < settings.k; ++s) {
      const bool last = s == settings.k - 1;
      model = means(hidden, n_model, false, n_threads);
      if (!last || settings.sample_visibles)
        draw(model, n_model, n_visible(), source, kVisibleLayer, now + s);
      model_means = means(model, n_model, true, n_threads);
      hidden = model_means;
      if (settings.persistent)
        draw(hidden, n_model, n_hidden(), source, kHiddenLayer, now + s);
      else if (!last || settings.sampled_statistics)
        draw(hidden, n_model, n_hidden(), source, kHiddenLayer, now + s + 1);
    }
    if (settings.sampled_statistics) model_means = hidden;
    if (settings.persistent) state_.chains = hidden;
    update(data, count, data_means, model, n_model, model_means, settings);
    result.finite = all_finite(state_.weights);
    result.n_updates += 1;
    result.n_rows += count;
    result.stopped = poll && poll(result.n_rows);
  }
  result.step = static_cast<int64_t>(step) + result.n_updates * steps_per_update;
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

void PlainRbmEngine::mean_hidden(const Rows& visible, void* out, int n_threads) const {
  copy_out(means(load(visible), visible.rows(), true, n_threads), out);
}

void PlainRbmEngine::mean_visible(const Rows& hidden, void* out, int n_threads) const {
  copy_out(means(load(hidden), hidden.rows(), false, n_threads), out);
}

Rows PlainRbmEngine::sample_hidden(const Rows& visible, const DrawSource& source,
                                   int n_threads) const {
  Matrix hidden = means(load(visible), visible.rows(), true, n_threads);
  draw(hidden, visible.rows(), n_hidden(), source, kHiddenLayer, source.step);
  return to_rows(hidden, visible.rows(), n_hidden());
}

Rows PlainRbmEngine::sample_visible(const Rows& hidden, const DrawSource& source,
                                    int n_threads) const {
  Matrix visible = means(load(hidden), hidden.rows(), false, n_threads);
  draw(visible, hidden.rows(), n_visible(), source, kVisibleLayer, source.step);
  return to_rows(visible, hidden.rows(), n_visible());
}

std::pair<Rows, Rows> PlainRbmEngine::gibbs(const Rows& visible, int64_t n_steps,
                                            const DrawSource& source, int n_threads) const {
  const int64_t rows = visible.rows();
  Matrix v = load(visible), h;
  for (int64_t s = 0; s < n_steps; ++s) {
    h = means(v, rows, true, n_threads);
    draw(h, rows, n_hidden(), source, kHiddenLayer, source.step + static_cast<uint64_t>(s));
    v = means(h, rows, false, n_threads);
    draw(v, rows, n_visible(), source, kVisibleLayer, source.step + static_cast<uint64_t>(s));
  }
  return {to_rows(v, rows, n_visible()), to_rows(h, rows, n_hidden())};
}

void PlainRbmEngine::free_energy(const Rows& visible, double* out, int n_threads) const {
  const Matrix v = load(visible);
  const int64_t nv = n_visible();
  parallel_for(n_threads, visible.rows(), [&](int64_t r) {
    double energy = 0;
    for (int64_t i = 0; i < nv; ++i) energy -= v[r * nv + i] * state_.visible_bias[i];
    for (int64_t j = 0; j < n_hidden(); ++j) {
      double x = state_.hidden_bias[j];
      for (int64_t i = 0; i < nv; ++i) x += v[r * nv + i] * state_.weights[j * nv + i];
      energy -= softplus(x);
    }
    out[r] = energy;
  });
}

}  // namespace udl
