#include "runtime/rbm/plain/real_units.h"

#include <cmath>

#include "runtime/rbm/plain/half_step.h"

namespace udl {
namespace {

/// Mean over rows of the sum of squares of a row.
double mean_square(const PlainMatrix& values, int64_t n_columns) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size()) * static_cast<double>(n_columns);
}

/// The same of visible states over their deviations.
double input_size(const PlainState& model, PlainMatrix visible) {
  if (model.units.have_variances())
    for (size_t k = 0; k < visible.size(); ++k)
      visible[k] *= std::exp(-model.log_variance[k % model.n_visible] / 2);
  return mean_square(visible, model.n_visible);
}

/// Mean over rows of the sum of E[h^2], given means; the variance of a real unit is at most 1.
double hidden_activity(const PlainState& model, const PlainMatrix& hidden) {
  double sum = 0;
  for (const double h : hidden) sum += model.units.hidden == UnitKind::bernoulli ? h : h * h + 1;
  return sum / static_cast<double>(hidden.size()) * static_cast<double>(model.n_hidden);
}

/// Brings a rate down to `largest`.
double factor_below(double largest, double learning_rate) {
  return std::min(1.0, largest / learning_rate);
}

}  // namespace

void hide_missing_groups(const PlainState& model, const PlainMatrix& data, PlainMatrix& states) {
  if (model.units.visible != UnitKind::softmax) return;
  const std::vector<UnitRange> groups = model.units.groups();
  for (size_t row = 0; row < data.size(); row += model.n_visible)
    for (const UnitRange& units : groups) {
      if (units.size() == 1) continue;
      const auto first = static_cast<int64_t>(row) + units.first;
      const double* values = data.data() + first;
      if (std::all_of(values, values + units.size(), [](double value) { return value == 0; }))
        std::fill_n(states.data() + first, units.size(), 0.0);
    }
}

StepSizes step_sizes(const PlainState& model, double learning_rate, const PlainMatrix& visible,
                     const PlainMatrix& hidden, const PlainMatrix& lengths) {
  StepSizes sizes;
  // Of hidden units by their inputs; the mean of a Bernoulli unit moves by a quarter of its input.
  const double bound = model.units.hidden == UnitKind::bernoulli ? 4 : 1;
  if (model.units.are_bernoulli()) return sizes;
  if (model.units.have_variances() || !has_bits(model.units.hidden))
    sizes.visible_bias = factor_below(1 / (1 + hidden_activity(model, hidden)), learning_rate);
  sizes.weights = sizes.visible_bias;
  if (!has_bits(model.units.hidden) || !lengths.empty())
    sizes.weights *= factor_below(bound / input_size(model, visible), learning_rate);
  if (!lengths.empty())
    sizes.hidden_bias = factor_below(bound / mean_square(lengths, 1), learning_rate);
  return sizes;
}

PlainMatrix variance_forces(const PlainState& model, const PlainMatrix& visible,
                            const PlainMatrix& hidden, int64_t rows, const Run& run) {
  const int64_t nv = model.n_visible;
  const PlainMatrix means = visible_inputs(model, hidden, rows, run);
  PlainMatrix out(nv);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < nv; ++i) {
      const double v = visible[r * nv + i], b = model.visible_bias[i];
      out[i] += (v - b) * (v - b) / 2 - v * (means[r * nv + i] - b);
    }
  for (int64_t i = 0; i < nv; ++i)
    out[i] *= std::exp(-model.log_variance[i]) / static_cast<double>(rows);
  return out;
}

}  // namespace udl
