// Means, samples, Gibbs chains, free energies and log Z of the float64 engine.
#include <algorithm>
#include <cmath>

#include "runtime/rbm/evaluate/exact.h"
#include "runtime/rbm/model/units/unit_terms.h"
#include "runtime/rbm/plain/clamp.h"
#include "runtime/rbm/plain/energy.h"
#include "runtime/rbm/plain/engine.h"
#include "runtime/rbm/plain/half_step.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// What moves a row's hidden inputs from `before` to `after` adds to minus its free energy beside
/// the visible biases: the differences first, so that nothing large cancels.
double log_sum_change(UnitKind hidden, const PlainMatrix& before, const PlainMatrix& after) {
  double sum = 0;
  for (size_t j = 0; j < before.size(); ++j)
    sum += hidden_log_sum(hidden, after[j]) - hidden_log_sum(hidden, before[j]);
  return sum;
}

/// Pre-activations of the hidden units for one row.
void input_of_row(const PlainState& model, const double* visible, double* out) {
  const int64_t nv = model.n_visible;
  for (int64_t j = 0; j < model.n_hidden; ++j) {
    double x = model.hidden_bias[j];
    for (int64_t i = 0; i < nv; ++i) x += visible[i] * model.weights[j * nv + i];
    out[j] = x;
  }
}

/// The same plus `factor` times the weights of visible unit i.
void add_unit(const PlainState& model, const PlainMatrix& input, int64_t i, double factor,
              PlainMatrix& out) {
  for (int64_t j = 0; j < model.n_hidden; ++j)
    out[j] = input[j] + factor * model.weights[j * model.n_visible + i];
}

/// log P(v_i | all others), where the alternative to v_i is 1 - v_i.
double score_flip(const PlainState& model, const PlainMatrix& v, int64_t i,
                  const PlainMatrix& input) {
  PlainMatrix flipped(model.n_hidden);
  const double direction = 1 - 2 * v[i];
  add_unit(model, input, i, direction, flipped);
  return -softplus(direction * model.visible_bias[i] +
                   log_sum_change(model.units.hidden, input, flipped));
}

/// Sum over the units.
double score_flips(const PlainState& model, const PlainMatrix& v, const PlainMatrix& input,
                   Team& team) {
  double sum = 0;
  for (int64_t i = 0; i < model.n_visible && !team.check_stop(); ++i)
    sum += score_flip(model, v, i, input);
  return sum;
}

/// log P(unit `on` of the group | all other groups), against every other unit of it.
double score_group(const PlainState& model, int64_t first, int64_t end, int64_t on,
                   const PlainMatrix& input, Team& team) {
  PlainMatrix without(model.n_hidden), other(model.n_hidden);
  add_unit(model, input, on, -1, without);
  double sum = 0;
  for (int64_t i = first; i < end && !team.check_stop(); ++i) {
    add_unit(model, without, i, 1, other);
    sum += std::exp(model.visible_bias[i] - model.visible_bias[on] +
                    log_sum_change(model.units.hidden, input, other));
  }
  return -std::log(sum);
}

/// Sum over the groups that have a value; one of a single unit is 0 or 1.
double score_groups(const PlainState& model, const PlainMatrix& v, const PlainMatrix& input,
                    Team& team) {
  double sum = 0;
  for (const UnitRange& units : model.units.groups()) {
    if (units.size() == 1) {
      sum += score_flip(model, v, units.first, input);
      continue;
    }
    for (int64_t i = units.first; i < units.end; ++i)
      if (v[i] != 0) sum += score_group(model, units.first, units.end, i, input, team);
  }
  return sum;
}

/// What the visible units of one row have of its free energy.
double visible_energy_of(const PlainState& model, const Rows& visible, int64_t row) {
  double energy = 0;
  if (!model.units.have_variances()) {
    visible.visit_row(row,
                      [&](int64_t i, double value) { energy -= value * model.visible_bias[i]; });
    return energy;
  }
  PlainMatrix v(model.n_visible);
  visible.gather_values<double>(nullptr, row, 1, v.data(), model.n_visible);
  return visible_energy(model, v.data());
}

void copy_out(const PlainMatrix& from, double* to) { std::copy(from.begin(), from.end(), to); }

}  // namespace

void PlainRbmEngine::mean_hidden(const Rows& visible, RealSpan out, const Run& run) const {
  copy_out(hidden_means(state_, visible, run), out.as<double>());
}

void PlainRbmEngine::mean_visible(const Rows& hidden, RealSpan out, const Run& run) const {
  copy_out(visible_means(state_, plain_rows(hidden, run), hidden.rows(), run), out.as<double>());
}

Rows PlainRbmEngine::sample_hidden(const Rows& visible, const DrawSource& source,
                                   const Run& run) const {
  PlainMatrix h = hidden_inputs(state_, visible, run);
  draw_hidden(state_, h, source.hidden(), source.first_chain, run);
  return rows_of(h, visible.rows(), n_hidden(), units().hidden, run);
}

Rows PlainRbmEngine::sample_visible(const Rows& hidden, const DrawSource& source,
                                    const Run& run) const {
  PlainMatrix v = visible_inputs(state_, plain_rows(hidden, run), hidden.rows(), run);
  draw_visible(state_, v, {}, source.visible(), source.first_chain, run);
  return rows_of(v, hidden.rows(), n_visible(), units().visible, run);
}

std::pair<Rows, Rows> PlainRbmEngine::gibbs(const GibbsCall& call, const Run& run) const {
  const int64_t rows = call.visible.rows();
  const PlainClamp clamp(call.clamp, run);
  const PlainMatrix lengths = row_lengths(state_, call.visible, run);
  const RowBetas betas{call.beta};
  PlainMatrix v(rows * n_visible()), h(rows * n_hidden());
  for (int64_t s = 0; s < call.n_steps && !run.stopped(); ++s) {
    h = s == 0 ? hidden_inputs(state_, call.visible, run) : hidden_inputs(state_, v, rows, run);
    draw_hidden(state_, h, call.source.hidden(s), call.source.first_chain, run, betas);
    v = visible_inputs(state_, h, rows, run);
    if (s + 1 == call.n_steps && !call.visible_means.empty()) {
      PlainMatrix means = v;
      visible_means_of(state_, means, lengths, run, betas);
      clamp.put_back(means, rows, run);
      copy_out(means, call.visible_means.as<double>());
    }
    draw_visible(state_, v, lengths, call.source.visible(s), call.source.first_chain, run, betas);
    clamp.put_back(v, rows, run);
  }
  return {rows_of(v, rows, n_visible(), units().visible, run),
          rows_of(h, rows, n_hidden(), units().hidden, run)};
}

void PlainRbmEngine::free_energy(const Rows& visible, double* out, const Run& run) const {
  const PlainMatrix inputs = hidden_inputs(state_, visible, run);
  parallel_region(run, [&](Team& team) {
    team.for_each(visible.rows(), [&](int64_t r) {
      double energy = visible_energy_of(state_, visible, r);
      for (int64_t j = 0; j < n_hidden() && !team.check_stop(); ++j)
        energy -= hidden_log_sum(state_.units.hidden, inputs[r * n_hidden() + j]);
      out[r] = energy;
    });
  });
}

/// The plain form: every alternative anew, one hidden unit after the other.
void PlainRbmEngine::pseudo_likelihood(const Rows& visible, double* out, const Run& run) const {
  check_has_pseudo_likelihood(units());
  parallel_region(run, [&](Team& team) {
    PlainMatrix v(n_visible()), input(n_hidden());
    team.for_each(visible.rows(), [&](int64_t r) {
      visible.gather_values<double>(nullptr, r, 1, v.data(), n_visible());
      input_of_row(state_, v.data(), input.data());
      out[r] = units().visible == UnitKind::softmax ? score_groups(state_, v, input, team)
                                                    : score_flips(state_, v, input, team);
    });
  });
}

/// Rows without what they have in the group, and then with each unit of it.
void PlainRbmEngine::group_energies(const Rows& visible, int64_t group, double* out,
                                    const Run& run) const {
  const UnitRange units = checked_group(this->units(), group);
  parallel_region(run, [&](Team& team) {
    PlainMatrix v(n_visible()), input(n_hidden()), with(n_hidden());
    team.for_each(visible.rows(), [&](int64_t r) {
      visible.gather_values<double>(nullptr, r, 1, v.data(), n_visible());
      std::fill(v.begin() + units.first, v.begin() + units.end, 0.0);
      input_of_row(state_, v.data(), input.data());
      const double energy = visible_energy(state_, v.data());
      for (int64_t i = 0; i < units.size() && !team.check_stop(); ++i) {
        add_unit(state_, input, units.first + i, 1, with);
        out[r * units.size() + i] = energy - state_.visible_bias[units.first + i] -
                                    hidden_log_sums(state_.units.hidden, with.data(), n_hidden());
      }
    });
  });
}

std::vector<double> PlainRbmEngine::log_partition(const std::vector<int64_t>& lengths,
                                                  const Run& run) const {
  return log_partition_exact({state_.weights.data(), state_.hidden_bias.data(),
                              state_.visible_bias.data(), state_.log_variance.data()},
                             {units(), n_visible(), n_hidden(), lengths}, run);
}

}  // namespace udl
