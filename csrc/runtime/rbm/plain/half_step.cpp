#include "runtime/rbm/plain/half_step.h"

#include <algorithm>
#include <cmath>

#include "base/bits.h"
#include "runtime/rbm/model/row_length.h"
#include "runtime/rbm/model/units/unit_terms.h"
#include "runtime/rbm/plain/normal.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

bool is_replicated(const PlainState& model) {
  return model.units.visible == UnitKind::replicated_softmax;
}

/// Visible states as the hidden units take them: over the variances of Gaussian units.
PlainMatrix over_variances(const PlainState& model, PlainMatrix visible) {
  const int64_t nv = model.n_visible;
  PlainMatrix precision(nv);
  for (int64_t i = 0; i < nv; ++i) precision[i] = std::exp(-model.log_variance[i]);
  for (size_t k = 0; k < visible.size(); ++k) visible[k] *= precision[k % nv];
  return visible;
}

PlainMatrix hidden_sums(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                        const Run& run) {
  const int64_t nv = model.n_visible, nh = model.n_hidden;
  const PlainMatrix lengths = row_lengths(model, visible, rows);
  PlainMatrix out(rows * nh);
  parallel_region(run, [&](Team& team) {
    team.for_each(rows, [&](int64_t r) {
      const double length = lengths.empty() ? 1 : lengths[r];
      for (int64_t j = 0; j < nh && !team.check_stop(); ++j) {
        double x = length * model.hidden_bias[j];
        for (int64_t i = 0; i < nv; ++i) x += visible[r * nv + i] * model.weights[j * nv + i];
        out[r * nh + j] = x;
      }
    });
  });
  return out;
}

/// Calls work(row, its values) for every row of `values`, shared among threads.
template <class Work>
void for_each_row(PlainMatrix& values, int64_t n_units, const Run& run, Work&& work) {
  parallel_for(run, static_cast<int64_t>(values.size()) / n_units,
               [&](int64_t r) { work(r, values.data() + r * n_units); });
}

double uniform_draw(const DrawKey& draws, uint32_t chain, int64_t unit) {
  return static_cast<double>(
      uniform_from_bits(draw_bits(draws, chain, static_cast<uint32_t>(unit))));
}

/// e^x over the largest of a group, added up in order: the last one is their total.
void cumulate_exponentials(double* x, int64_t first, int64_t end) {
  const double largest = *std::max_element(x + first, x + end);
  double total = 0;
  for (int64_t i = first; i < end; ++i) x[i] = total += std::exp(x[i] - largest);
}

/// The first unit of a group whose cumulated sum exceeds u times the total.
int64_t chosen_unit(const double* sums, int64_t first, int64_t end, double u) {
  const double* found = std::upper_bound(sums + first, sums + end, u * sums[end - 1]);
  return std::min<int64_t>(found - sums, end - 1);
}

void softmax(double* x, int64_t first, int64_t end, double scale) {
  const double largest = *std::max_element(x + first, x + end);
  double total = 0;
  for (int64_t i = first; i < end; ++i) total += x[i] = std::exp(x[i] - largest);
  for (int64_t i = first; i < end; ++i) x[i] = scale * (x[i] / total);
}

/// A group of one is a Bernoulli unit.
void group_means(double* x, const UnitRange& units) {
  if (units.size() > 1) return softmax(x, units.first, units.end, 1);
  x[units.first] = sigmoid(x[units.first]);
}

void draw_group(double* x, const UnitRange& units, const DrawKey& draws, uint32_t chain) {
  const double u = uniform_draw(draws, chain, units.first);
  if (units.size() == 1) {
    x[units.first] = u < sigmoid(x[units.first]);
    return;
  }
  cumulate_exponentials(x, units.first, units.end);
  const int64_t chosen = chosen_unit(x, units.first, units.end, u);
  std::fill(x + units.first, x + units.end, 0.0);
  x[chosen] = 1;
}

void draw_words(double* x, int64_t n_units, int64_t n_words, const DrawKey& draws, uint32_t chain) {
  cumulate_exponentials(x, 0, n_units);
  PlainMatrix counts(n_units);
  for (int64_t word = 0; word < n_words; ++word)
    counts[chosen_unit(x, 0, n_units, uniform_draw(draws, chain, word))] += 1;
  std::copy(counts.begin(), counts.end(), x);
}

/// Of Gaussian visible units inputs are means.
void draw_around(const PlainState& model, double* x, double beta, const DrawKey& draws,
                 uint32_t chain) {
  for (int64_t i = 0; i < model.n_visible; ++i)
    x[i] += std::exp(model.log_variance[i] / 2) / std::sqrt(beta) *
            normal_draw(draw_bits(draws, chain, static_cast<uint32_t>(i)));
}

/// In the units of its deviation at beta a normal hidden unit has the deviation 1.
double hidden_mean_at(UnitKind kind, double beta, double x) {
  if (has_bits(kind)) return hidden_mean(kind, beta * x);
  const double deviation = 1 / std::sqrt(beta);
  return hidden_mean(kind, x / deviation) * deviation;
}

double hidden_draw_at(UnitKind kind, double beta, double x, uint32_t bits) {
  if (has_bits(kind)) return static_cast<double>(uniform_from_bits(bits)) < sigmoid(beta * x);
  const double deviation = 1 / std::sqrt(beta);
  if (kind == UnitKind::gaussian) return x + deviation * normal_draw(bits);
  return rectified_draw(x / deviation, bits) * deviation;
}

/// Inputs of a row of visible units that are no normal numbers.
void temper(double* x, int64_t n_units, double beta) {
  if (beta == 1) return;
  for (int64_t i = 0; i < n_units; ++i) x[i] *= beta;
}

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

PlainMatrix row_lengths(const PlainState& model, const Rows& visible, const Run& run) {
  PlainMatrix out(is_replicated(model) ? visible.rows() : 0);
  parallel_for(run, static_cast<int64_t>(out.size()),
               [&](int64_t r) { out[r] = row_length(visible, r); });
  return out;
}

PlainMatrix row_lengths(const PlainState& model, const PlainMatrix& visible, int64_t rows) {
  PlainMatrix out(is_replicated(model) ? rows : 0);
  for (size_t r = 0; r < out.size(); ++r)
    for (int64_t i = 0; i < model.n_visible; ++i) out[r] += visible[r * model.n_visible + i];
  return out;
}

/// Zeros may be left out: they change no sum.
double hidden_input(const PlainState& model, int64_t j, const Rows& visible, int64_t row,
                    double length) {
  const double* weights = model.weights.data() + j * model.n_visible;
  double x = length * model.hidden_bias[j];
  visible.visit_row(row, [&](int64_t i, double value) { x += value * weights[i]; });
  return x;
}

PlainMatrix hidden_inputs(const PlainState& model, const Rows& visible, const Run& run) {
  if (model.units.have_variances())
    return hidden_inputs(model, plain_rows(visible, run), visible.rows(), run);
  const int64_t nh = model.n_hidden;
  const PlainMatrix lengths = row_lengths(model, visible, run);
  PlainMatrix out(visible.rows() * nh);
  parallel_region(run, [&](Team& team) {
    team.for_each(visible.rows(), [&](int64_t r) {
      const double length = lengths.empty() ? 1 : lengths[r];
      for (int64_t j = 0; j < nh && !team.check_stop(); ++j)
        out[r * nh + j] = hidden_input(model, j, visible, r, length);
    });
  });
  return out;
}

PlainMatrix hidden_inputs(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                          const Run& run) {
  if (!model.units.have_variances()) return hidden_sums(model, visible, rows, run);
  return hidden_sums(model, over_variances(model, visible), rows, run);
}

/// Hidden units in the outer loop, as the weights lie: sums have the same order.
PlainMatrix visible_inputs(const PlainState& model, const PlainMatrix& hidden, int64_t rows,
                           const Run& run) {
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
    });
  });
  return out;
}

void hidden_means_of(const PlainState& model, PlainMatrix& inputs, const Run& run,
                     const RowBetas& betas) {
  for_each_row(inputs, model.n_hidden, run, [&](int64_t r, double* x) {
    for (int64_t j = 0; j < model.n_hidden; ++j)
      x[j] = hidden_mean_at(model.units.hidden, betas[r], x[j]);
  });
}

void visible_means_of(const PlainState& model, PlainMatrix& inputs, const PlainMatrix& lengths,
                      const Run& run, const RowBetas& betas) {
  const int64_t nv = model.n_visible;
  const std::vector<UnitRange> groups = model.units.groups();
  for_each_row(inputs, nv, run, [&](int64_t r, double* x) {
    if (!model.units.have_variances()) temper(x, nv, betas[r]);
    switch (model.units.visible) {
      case UnitKind::gaussian:
        break;
      case UnitKind::softmax:
        for (const UnitRange& units : groups) group_means(x, units);
        break;
      case UnitKind::replicated_softmax:
        softmax(x, 0, nv, lengths.empty() ? 1 : lengths[r]);
        break;
      default:
        for (int64_t i = 0; i < nv; ++i) x[i] = sigmoid(x[i]);
    }
  });
}

void draw_hidden(const PlainState& model, PlainMatrix& inputs, const DrawKey& draws,
                 uint32_t first_chain, const Run& run, const RowBetas& betas) {
  for_each_row(inputs, model.n_hidden, run, [&](int64_t r, double* x) {
    const uint32_t chain = first_chain + static_cast<uint32_t>(r);
    for (int64_t j = 0; j < model.n_hidden; ++j)
      x[j] = hidden_draw_at(model.units.hidden, betas[r], x[j],
                            draw_bits(draws, chain, static_cast<uint32_t>(j)));
  });
}

void draw_visible(const PlainState& model, PlainMatrix& inputs, const PlainMatrix& lengths,
                  const DrawKey& draws, uint32_t first_chain, const Run& run,
                  const RowBetas& betas) {
  const int64_t nv = model.n_visible;
  const std::vector<UnitRange> groups = model.units.groups();
  for_each_row(inputs, nv, run, [&](int64_t r, double* x) {
    const uint32_t chain = first_chain + static_cast<uint32_t>(r);
    if (!model.units.have_variances()) temper(x, nv, betas[r]);
    switch (model.units.visible) {
      case UnitKind::gaussian:
        draw_around(model, x, betas[r], draws, chain);
        break;
      case UnitKind::softmax:
        for (const UnitRange& units : groups) draw_group(x, units, draws, chain);
        break;
      case UnitKind::replicated_softmax:
        draw_words(x, nv, lengths.empty() ? 1 : static_cast<int64_t>(lengths[r]), draws, chain);
        break;
      default:
        for (int64_t i = 0; i < nv; ++i) x[i] = uniform_draw(draws, chain, i) < sigmoid(x[i]);
    }
  });
}

PlainMatrix hidden_means(const PlainState& model, const Rows& visible, const Run& run) {
  PlainMatrix out = hidden_inputs(model, visible, run);
  hidden_means_of(model, out, run);
  return out;
}

PlainMatrix hidden_means(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                         const Run& run) {
  PlainMatrix out = hidden_inputs(model, visible, rows, run);
  hidden_means_of(model, out, run);
  return out;
}

PlainMatrix visible_means(const PlainState& model, const PlainMatrix& hidden, int64_t rows,
                          const Run& run) {
  PlainMatrix out = visible_inputs(model, hidden, rows, run);
  visible_means_of(model, out, {}, run);
  return out;
}

void draw_states(PlainMatrix& means, int64_t rows, const DrawKey& draws, uint32_t first_chain,
                 const Run& run) {
  if (rows == 0) return;
  const int64_t n_units = static_cast<int64_t>(means.size()) / rows;
  for_each_row(means, n_units, run, [&](int64_t r, double* p) {
    const uint32_t chain = first_chain + static_cast<uint32_t>(r);
    for (int64_t j = 0; j < n_units; ++j) p[j] = uniform_draw(draws, chain, j) < p[j];
  });
}

}  // namespace udl
