// CD-k and PCD-k in double: minibatch after minibatch, each a few loops over rows or units.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "runtime/data/minibatches.h"
#include "runtime/rbm/plain/energy.h"
#include "runtime/rbm/plain/engine.h"
#include "runtime/rbm/plain/half_step.h"
#include "runtime/rbm/plain/real_units.h"
#include "runtime/rbm/steps/centring.h"
#include "runtime/rbm/steps/draw_schedule.h"
#include "runtime/rbm/steps/tempering/spacing.h"
#include "runtime/rbm/steps/tempering/tempering.h"
#include "runtime/rbm/steps/variance_window.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

using Clock = std::chrono::steady_clock;

/// States of both layers over the rows of one phase; hidden ones are means or samples, as the
/// statistics want them.
struct PlainPhase {
  PlainMatrix visible, hidden;
  int64_t rows;
  PlainMatrix lengths{};  ///< row_lengths

  double visible_mean(int64_t i) const { return column_mean(visible, i); }
  double hidden_mean(int64_t j) const { return column_mean(hidden, j); }
  /// The same over rows in which hidden biases count as often as these are long.
  double hidden_bias_mean(int64_t j) const {
    if (lengths.empty()) return hidden_mean(j);
    const int64_t n = columns(hidden);
    double sum = 0;
    for (int64_t r = 0; r < rows; ++r) sum += lengths[r] * hidden[r * n + j];
    return sum / static_cast<double>(rows);
  }
  /// Means over the rows, which are added in order, of every visible unit times hidden unit j. None
  /// of meaning once the team stops.
  PlainMatrix pair_means(int64_t j, Team& team) const {
    const int64_t nv = columns(visible), nh = columns(hidden);
    PlainMatrix out(nv);
    for (int64_t r = 0; r < rows && !team.check_stop(); ++r)
      for (int64_t i = 0; i < nv; ++i) out[i] += visible[r * nv + i] * hidden[r * nh + j];
    for (double& value : out) value /= static_cast<double>(rows);
    return out;
  }

 private:
  int64_t columns(const PlainMatrix& x) const { return static_cast<int64_t>(x.size()) / rows; }
  double column_mean(const PlainMatrix& x, int64_t column) const {
    const int64_t n = columns(x);
    double sum = 0;
    for (int64_t r = 0; r < rows; ++r) sum += x[r * n + column];
    return sum / static_cast<double>(rows);
  }
};

double sign(double x) { return static_cast<double>((x > 0) - (x < 0)); }

bool all_finite(const PlainMatrix& x) {
  return std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
}

class PlainTrainer {
 public:
  PlainTrainer(PlainState& state, const TrainCall& call, const Run& run)
      : state_(state),
        call_(call),
        settings_(call.settings),
        run_(run),
        draws_(call.settings, call.seed, call.step),
        minibatches_(call.rows, call.order, call.settings.batch_size,
                     call.settings.binarize_sample),
        windows_(minibatches_),
        targets_(state.log_variance.size()) {
    const Ladder& ladder = settings_.ladder;
    if (ladder.has_one()) return;
    const int64_t n_chains = state.n_chains() / ladder.n_temperatures;
    swaps_ = SwapRecord(n_chains, ladder.n_temperatures);
    temperatures_ = ladder_betas(ladder, state.betas);
    for (const float beta : temperatures_)
      betas_.insert(betas_.end(), n_chains, static_cast<double>(beta));
  }

  TrainResult run() {
    const auto start = Clock::now();
    for (int64_t index = 0; index < minibatches_.count() && wants_more(); ++index) {
      const Minibatch batch = minibatches_[index];
      learn(batch);
      result_.finite = is_finite();
      result_.n_updates += 1;
      result_.n_rows += batch.count;
      result_.stopped = run_.stopped() || (call_.poll && call_.poll(result_.n_rows));
    }
    if (settings_.ladder.adaptive && !run_.stopped())
      state_.betas = respaced(temperatures_, swaps_.acceptance());
    result_.step = static_cast<int64_t>(draws_.step_after(result_.n_updates));
    result_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return result_;
  }

 private:
  bool is_finite() const {
    return all_finite(state_.weights) && all_finite(state_.hidden_bias) &&
           all_finite(state_.visible_bias) && all_finite(state_.hidden_velocity) &&
           all_finite(state_.visible_velocity) && all_finite(state_.log_variance) &&
           all_finite(state_.log_variance_velocity);
  }

  bool wants_more() const { return !result_.stopped && result_.finite; }

  void learn(const Minibatch& batch) {
    PlainPhase data = data_phase(batch);
    data.hidden = hidden_inputs(state_, data.visible, batch.count, run_);
    PlainMatrix drawn = data.hidden;
    hidden_means_of(state_, data.hidden, run_);
    if (!settings_.persistent || settings_.sampled_statistics)
      draw_hidden(state_, drawn, draws_.hidden_given_data(batch.index), 0, run_);
    if (settings_.sampled_statistics) data.hidden = drawn;
    const int64_t n_chains = settings_.persistent ? state_.n_chains() : batch.count;
    const PlainPhase model =
        chain_phase(batch, data, settings_.persistent ? state_.chains : std::move(drawn), n_chains);
    if (!run_.stopped()) update(batch, data, model);
  }

  PlainPhase data_phase(const Minibatch& batch) const {
    PlainPhase data{PlainMatrix(batch.count * state_.n_visible), {}, batch.count};
    parallel_for(run_, Minibatches::blocks(batch), [&](int64_t block) {
      minibatches_.fetch_values(batch, block, data.visible.data(), state_.n_visible);
    });
    if (settings_.binarize_sample)
      draw_states(data.visible, batch.count, draws_.data(batch.index), 0, run_);
    data.lengths = row_lengths(state_, data.visible, batch.count);
    return data;
  }

  /// k steps of the chain from its hidden states. Rows have the lengths of the data, and no values
  /// where these have none.
  PlainPhase chain_phase(const Minibatch& batch, const PlainPhase& data, PlainMatrix hidden,
                         int64_t rows) {
    PlainPhase model{{}, {}, rows, data.lengths};
    for (int64_t s = 0; s < settings_.k && !run_.stopped(); ++s) {
      const bool last = s == settings_.k - 1;
      model.visible = visible_inputs(state_, hidden, rows, run_);
      if (!last || settings_.sample_visibles)
        draw_visible(state_, model.visible, data.lengths, draws_.chain_visible(batch.index, s), 0,
                     run_, betas());
      else
        visible_means_of(state_, model.visible, data.lengths, run_, betas());
      if (!settings_.persistent) hide_missing_groups(state_, data.visible, model.visible);
      if (!settings_.ladder.has_one()) swap(model.visible, hidden, draws_.swaps(batch.index, s));
      model.hidden = hidden_inputs(state_, model.visible, rows, run_);
      hidden = model.hidden;
      hidden_means_of(state_, model.hidden, run_, betas());
      if (!last || settings_.persistent || settings_.sampled_statistics)
        draw_hidden(state_, hidden, draws_.chain_hidden(batch.index, s), 0, run_, betas());
    }
    if (settings_.sampled_statistics) model.hidden = hidden;
    if (settings_.persistent) state_.chains = std::move(hidden);
    model.rows /= settings_.ladder.n_temperatures;  // those at beta = 1
    model.visible.resize(model.rows * state_.n_visible);
    model.hidden.resize(model.rows * state_.n_hidden);
    return model;
  }

  // ---- tempering (steps/tempering.h) ----

  /// Of each chain; 1 where there is one temperature.
  RowBetas betas() const { return {1, betas_.empty() ? nullptr : betas_.data()}; }

  void swap(PlainMatrix& visible, const PlainMatrix& hidden, const DrawSchedule::Swaps& swaps) {
    const int64_t nv = state_.n_visible, nh = state_.n_hidden,
                  n_chains = state_.n_chains() / settings_.ladder.n_temperatures;
    parallel_for(run_, n_chains, [&](int64_t c) {
      for (int64_t t = swaps.first; t + 1 < settings_.ladder.n_temperatures; t += 2) {
        const int64_t a = t * n_chains + c, b = a + n_chains;
        double *v_a = &visible[a * nv], *v_b = &visible[b * nv];
        const double probability =
            swap_probability(betas_[a], betas_[b], joint_energy(state_, v_a, &hidden[a * nh]),
                             joint_energy(state_, v_b, &hidden[b * nh]));
        swaps_.add(c, t, probability);
        const auto u = static_cast<double>(uniform_from_bits(
            draw_bits(swaps.draws, static_cast<uint32_t>(c), static_cast<uint32_t>(t))));
        if (u < probability) std::swap_ranges(v_a, v_a + nv, v_b);
      }
    });
  }

  void update(const Minibatch& batch, const PlainPhase& data, const PlainPhase& model) {
    const StepSizes sizes =
        step_sizes(state_, settings_.learning_rate, data.visible, data.hidden, data.lengths);
    const PlainMatrix log_variance_gradient = variance_gradient(data, model);
    const PlainMatrix before = settings_.centered ? state_.weights : PlainMatrix();
    begin_centring();
    PlainMatrix force(state_.n_hidden), hidden_gradient(state_.n_hidden);
    parallel_for(run_, state_.n_hidden, [&](int64_t j) {
      const double mean = data.hidden_mean(j);
      hidden_gradient[j] =
          sizes.hidden_bias * (data.hidden_bias_mean(j) - model.hidden_bias_mean(j));
      force[j] = settings_.has_sparsity ? sparsity_force(j, mean) : 0;
      if (settings_.centered) follow(state_.hidden_offset[j], mean);
      learn_value(state_.hidden_bias[j], state_.hidden_velocity[j], hidden_gradient[j] + force[j]);
    });
    state_.has_mean_activation = state_.has_mean_activation || settings_.has_sparsity;
    PlainMatrix mean_visible(state_.n_visible), visible_gradient(state_.n_visible);
    parallel_for(run_, state_.n_visible, [&](int64_t i) {
      mean_visible[i] = data.visible_mean(i);
      visible_gradient[i] = sizes.visible_bias * (mean_visible[i] - model.visible_mean(i));
      if (settings_.centered) follow(state_.visible_offset[i], mean_visible[i]);
      learn_value(state_.visible_bias[i], state_.visible_velocity[i], visible_gradient[i]);
    });
    learn_variances(batch, log_variance_gradient);
    state_.weight_velocity.resize(state_.weights.size());
    parallel_region(run_, [&](Team& team) {
      team.for_each(state_.n_hidden, [&](int64_t j) {
        const PlainMatrix up = data.pair_means(j, team), down = model.pair_means(j, team);
        for (int64_t i = 0; i < state_.n_visible; ++i) {
          const double m = visible_offset(i), l = hidden_offset(j);
          update_weight(
              i, j,
              sizes.weights * (up[i] - down[i] - hidden_gradient[j] * m - l * visible_gradient[i] +
                               force[j] * (mean_visible[i] - m)));
        }
        if (settings_.max_norm > 0) limit_norm(j);
      });
    });
    if (settings_.centered) shift_biases(before);
  }

  void limit_norm(int64_t j) {
    double* weights = state_.weights.data() + j * state_.n_visible;
    double squares = 0;
    for (int64_t i = 0; i < state_.n_visible; ++i) squares += weights[i] * weights[i];
    const double norm = std::sqrt(squares);
    if (norm <= settings_.max_norm) return;
    for (int64_t i = 0; i < state_.n_visible; ++i) weights[i] *= settings_.max_norm / norm;
  }

  // ---- centring (steps/centring.h) ----

  /// A model that is not to be centred forgets its offsets.
  void begin_centring() {
    starts_offsets_ = settings_.centered && !state_.has_offsets();
    state_.hidden_offset.resize(settings_.centered ? state_.n_hidden : 0);
    state_.visible_offset.resize(settings_.centered ? state_.n_visible : 0);
  }

  double hidden_offset(int64_t j) const { return settings_.centered ? state_.hidden_offset[j] : 0; }
  double visible_offset(int64_t i) const {
    return settings_.centered ? state_.visible_offset[i] : 0;
  }

  void follow(double& offset, double mean) const {
    offset = starts_offsets_ ? mean : next_offset(offset, mean);
  }

  void shift_biases(const PlainMatrix& before) {
    const int64_t nv = state_.n_visible;
    for (int64_t j = 0; j < state_.n_hidden; ++j) {
      for (int64_t i = 0; i < nv; ++i) {
        const double change = state_.weights[j * nv + i] - before[j * nv + i];
        state_.hidden_bias[j] -= change * state_.visible_offset[i];
        state_.visible_bias[i] -= change * state_.hidden_offset[j];
      }
    }
  }

  /// Of log sigma^2, before anything else moves; empty where it does not learn.
  PlainMatrix variance_gradient(const PlainPhase& data, const PlainPhase& model) const {
    if (!settings_.learn_sigma || !state_.units.have_variances()) return {};
    PlainMatrix gradient = variance_forces(state_, data.visible, data.hidden, data.rows, run_);
    const PlainMatrix of_model =
        variance_forces(state_, model.visible, model.hidden, model.rows, run_);
    for (size_t i = 0; i < gradient.size(); ++i) gradient[i] -= of_model[i];
    return gradient;
  }

  void learn_variances(const Minibatch& batch, const PlainMatrix& gradient) {
    const VarianceWindows::Place at = windows_[batch.index];
    for (size_t i = 0; i < gradient.size(); ++i)
      learn_variance(state_.log_variance[i], state_.log_variance_velocity[i], targets_[i],
                     std::exp(state_.log_variance[i]), gradient[i], batch.count,
                     settings_.learning_rate, at);
  }

  double sparsity_force(int64_t j, double mean) {
    double& q = state_.mean_activation[j];
    q = state_.has_mean_activation
            ? settings_.sparsity_damping * q + (1 - settings_.sparsity_damping) * mean
            : mean;
    return settings_.sparsity_cost * (settings_.sparsity_target - q);
  }

  void update_weight(int64_t i, int64_t j, double gradient) {
    const int64_t at = j * state_.n_visible + i;
    const double w = state_.weights[at];
    learn_value(state_.weights[at], state_.weight_velocity[at],
                gradient - settings_.weight_decay * w - settings_.l1 * sign(w));
  }

  void learn_value(double& parameter, double& velocity, double gradient) const {
    const double change = settings_.momentum * velocity + settings_.learning_rate * gradient;
    velocity = settings_.momentum != 0 ? change : 0;
    parameter += change;
  }

  PlainState& state_;
  const TrainCall& call_;
  const TrainSettings& settings_;
  const Run& run_;
  const DrawSchedule draws_;
  const Minibatches minibatches_;
  const VarianceWindows windows_;
  PlainMatrix targets_;              ///< sums over the rows of a window
  std::vector<float> temperatures_;  ///< where there are several
  PlainMatrix betas_;                ///< of each chain then
  SwapRecord swaps_{0, 1};
  bool starts_offsets_ = false;  ///< with this minibatch
  TrainResult result_;
};

}  // namespace

TrainResult PlainRbmEngine::train(const TrainCall& call, const Run& run) {
  if (call.settings.persistent && units().visible == UnitKind::replicated_softmax)
    throw_invalid(
        "train: algorithm 'pcd' has chains without a length, which "
        "visible='replicated_softmax' needs; use algorithm 'cd'");
  row_lengths(state_, call.rows, run);  // throws where a value is no count
  const Ladder& ladder = call.settings.ladder;
  const bool are_bits = has_bits(units().visible) && has_bits(units().hidden);
  if (!ladder.has_one() && ladder.beta_min == 0 && !are_bits)
    throw_invalid("train: beta_min must be above 0 where units are real numbers, got 0");
  return PlainTrainer(state_, call, run).run();
}

}  // namespace udl
