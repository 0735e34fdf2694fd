#include "runtime/rbm/plain/half_step.h"

#include <algorithm>
#include <cmath>

#include "base/bits.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

PlainMatrix plain_rows(const Rows& rows, const Run& run) {
  PlainMatrix out(rows.rows() * rows.columns());
  parallel_for(run, rows.rows(), [&](int64_t r) {
    rows.gather_values<double>(nullptr, r, 1, out.data() + r * rows.columns(), rows.columns());
  });
  return out;
}

Rows rows_of(const PlainMatrix& states, int64_t rows, int64_t n_units, UnitKind kind,
             const Run& run) {
  if (!has_bits(kind)) return Rows::of_values(states, rows, n_units);
  Rows out = Rows::zero_bits(rows, n_units);
  parallel_for(run, rows, [&](int64_t r) {
    for (int64_t j = 0; j < n_units; ++j)
      if (states[r * n_units + j] != 0) set_bit(out.bits_row(r), j);
  });
  return out;
}

/// Zeros may be left out: they change no sum.
double hidden_input(const PlainState& model, int64_t j, const Rows& visible, int64_t row) {
  const double* weights = model.weights.data() + j * model.n_visible;
  double x = model.hidden_bias[j];
  visible.visit_row(row, [&](int64_t i, double value) { x += value * weights[i]; });
  return x;
}

PlainMatrix hidden_means(const PlainState& model, const Rows& visible, const Run& run) {
  const int64_t nh = model.n_hidden;
  PlainMatrix out(visible.rows() * nh);
  parallel_region(run, [&](Team& team) {
    team.for_each(visible.rows(), [&](int64_t r) {
      for (int64_t j = 0; j < nh && !team.check_stop(); ++j)
        out[r * nh + j] = sigmoid(hidden_input(model, j, visible, r));
    });
  });
  return out;
}

PlainMatrix hidden_means(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                         const Run& run, const double* betas) {
  const int64_t nv = model.n_visible, nh = model.n_hidden;
  PlainMatrix out(rows * nh);
  parallel_region(run, [&](Team& team) {
    team.for_each(rows, [&](int64_t r) {
      for (int64_t j = 0; j < nh && !team.check_stop(); ++j) {
        double x = model.hidden_bias[j];
        for (int64_t i = 0; i < nv; ++i) x += visible[r * nv + i] * model.weights[j * nv + i];
        out[r * nh + j] = sigmoid(betas == nullptr ? x : betas[r] * x);
      }
    });
  });
  return out;
}

/// Hidden units in the outer loop, as the weights lie: sums have the same order.
PlainMatrix visible_means(const PlainState& model, const PlainMatrix& hidden, int64_t rows,
                          const Run& run, const double* betas) {
  const int64_t nv = model.n_visible, nh = model.n_hidden;
  PlainMatrix out(rows * nv);
  parallel_region(run, [&](Team& team) {
    team.for_each(rows, [&](int64_t r) {
      double* x = out.data() + r * nv;
      std::copy_n(model.visible_bias.data(), nv, x);
      for (int64_t j = 0; j < nh && !team.check_stop(); ++j) {
        const double h = hidden[r * nh + j];
        for (int64_t i = 0; i < nv; ++i) x[i] += h * model.weights[j * nv + i];
      }
      for (int64_t i = 0; i < nv; ++i) x[i] = sigmoid(betas == nullptr ? x[i] : betas[r] * x[i]);
    });
  });
  return out;
}

void draw_states(PlainMatrix& means, int64_t rows, const DrawKey& draws, uint32_t first_chain,
                 const Run& run) {
  if (rows == 0) return;
  const int64_t n_units = static_cast<int64_t>(means.size()) / rows;
  parallel_for(run, rows, [&](int64_t r) {
    const uint32_t chain = first_chain + static_cast<uint32_t>(r);
    for (int64_t j = 0; j < n_units; ++j) {
      const auto u =
          static_cast<double>(uniform_from_bits(draw_bits(draws, chain, static_cast<uint32_t>(j))));
      means[r * n_units + j] = u < means[r * n_units + j];
    }
  });
}

}  // namespace udl
