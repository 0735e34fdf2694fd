// Means, samples, Gibbs chains, free energies and log Z of the float64 engine.
#include <algorithm>
#include <cmath>

#include "runtime/rbm/evaluate/exact.h"
#include "runtime/rbm/model/softplus.h"
#include "runtime/rbm/plain/clamp.h"
#include "runtime/rbm/plain/engine.h"
#include "runtime/rbm/plain/half_step.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// sum over j of log(1 + e^after_j) - log(1 + e^before_j), the differences first: nothing large
/// cancels.
double softplus_change(const PlainMatrix& before, const PlainMatrix& after) {
  double sum = 0;
  for (size_t j = 0; j < before.size(); ++j) sum += softplus(after[j]) - softplus(before[j]);
  return sum;
}

/// Pre-activations of the hidden units for one row.
void hidden_inputs(const PlainState& model, const double* visible, double* out) {
  const int64_t nv = model.n_visible;
  for (int64_t j = 0; j < model.n_hidden; ++j) {
    double x = model.hidden_bias[j];
    for (int64_t i = 0; i < nv; ++i) x += visible[i] * model.weights[j * nv + i];
    out[j] = x;
  }
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
  PlainMatrix h = hidden_means(state_, visible, run);
  draw_states(h, visible.rows(), source.hidden(), source.first_chain, run);
  return rows_of(h, visible.rows(), n_hidden(), units().hidden, run);
}

Rows PlainRbmEngine::sample_visible(const Rows& hidden, const DrawSource& source,
                                    const Run& run) const {
  PlainMatrix v = visible_means(state_, plain_rows(hidden, run), hidden.rows(), run);
  draw_states(v, hidden.rows(), source.visible(), source.first_chain, run);
  return rows_of(v, hidden.rows(), n_visible(), units().visible, run);
}

std::pair<Rows, Rows> PlainRbmEngine::gibbs(const GibbsCall& call, const Run& run) const {
  const int64_t rows = call.visible.rows();
  const PlainClamp clamp(call.clamp, run);
  PlainMatrix v, h(rows * n_hidden());
  for (int64_t s = 0; s < call.n_steps && !run.stopped(); ++s) {
    h = s == 0 ? hidden_means(state_, call.visible, run) : hidden_means(state_, v, rows, run);
    draw_states(h, rows, call.source.hidden(s), call.source.first_chain, run);
    v = visible_means(state_, h, rows, run);
    clamp.put_back(v, rows, run);
    if (s + 1 == call.n_steps && !call.visible_means.empty())
      copy_out(v, call.visible_means.as<double>());
    draw_states(v, rows, call.source.visible(s), call.source.first_chain, run);
    clamp.put_back(v, rows, run);
  }
  return {rows_of(v, rows, n_visible(), units().visible, run),
          rows_of(h, rows, n_hidden(), units().hidden, run)};
}

void PlainRbmEngine::free_energy(const Rows& visible, double* out, const Run& run) const {
  parallel_region(run, [&](Team& team) {
    team.for_each(visible.rows(), [&](int64_t r) {
      double energy = 0;
      visible.visit_row(r,
                        [&](int64_t i, double value) { energy -= value * state_.visible_bias[i]; });
      for (int64_t j = 0; j < n_hidden() && !team.check_stop(); ++j)
        energy -= softplus(hidden_input(state_, j, visible, r));
      out[r] = energy;
    });
  });
}

/// The plain form: every flip anew, one hidden unit after the other.
void PlainRbmEngine::pseudo_likelihood(const Rows& visible, double* out, const Run& run) const {
  const int64_t nv = n_visible(), nh = n_hidden();
  parallel_region(run, [&](Team& team) {
    PlainMatrix v(nv), x(nh), flipped(nh);
    team.for_each(visible.rows(), [&](int64_t r) {
      visible.gather_values<double>(nullptr, r, 1, v.data(), nv);
      hidden_inputs(state_, v.data(), x.data());
      double sum = 0;
      for (int64_t i = 0; i < nv && !team.check_stop(); ++i) {
        const double direction = 1 - 2 * v[i];
        for (int64_t j = 0; j < nh; ++j) flipped[j] = x[j] + direction * state_.weights[j * nv + i];
        sum -= softplus(direction * state_.visible_bias[i] + softplus_change(x, flipped));
      }
      out[r] = sum;
    });
  });
}

double PlainRbmEngine::log_partition(const Run& run) const {
  return log_partition_exact(
      {state_.weights.data(), state_.hidden_bias.data(), state_.visible_bias.data()}, n_hidden(),
      n_visible(), run);
}

}  // namespace udl
