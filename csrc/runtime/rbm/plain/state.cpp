#include "runtime/rbm/plain/state.h"

#include <algorithm>

#include "runtime/rbm/plain/half_step.h"

namespace udl {
namespace {

/// Nothing where there is nothing to take over.
void assign_values(PlainMatrix& to, const double* from) {
  if (from != nullptr) std::copy_n(from, to.size(), to.begin());
}

void copy_out(const PlainMatrix& from, double* to) {
  if (to != nullptr) std::copy(from.begin(), from.end(), to);
}

}  // namespace

PlainState::PlainState(int64_t visible, int64_t hidden, const Units& kinds)
    : n_visible(visible),
      n_hidden(hidden),
      units(kinds),
      weights(hidden * visible),
      hidden_bias(hidden),
      visible_bias(visible),
      log_variance(kinds.have_variances() ? visible : 0),
      log_variance_velocity(log_variance.size()),
      hidden_velocity(hidden),
      visible_velocity(visible),
      mean_activation(hidden) {}

void PlainState::assign(const ParameterArrays<const double*>& from) {
  assign_values(weights, from.weights);
  assign_values(hidden_bias, from.hidden_bias);
  assign_values(visible_bias, from.visible_bias);
  assign_values(log_variance, from.log_variance);
}

void PlainState::copy_to(const ParameterArrays<double*>& to) const {
  copy_out(weights, to.weights);
  copy_out(hidden_bias, to.hidden_bias);
  copy_out(visible_bias, to.visible_bias);
  copy_out(log_variance, to.log_variance);
}

/// Velocities of biases and variances that are not given stay.
void PlainState::assign(const OptimizerArrays<const double*>& from) {
  weight_velocity.resize(from.weight_velocity ? weights.size() : 0);
  assign_values(weight_velocity, from.weight_velocity);
  assign_values(hidden_velocity, from.hidden_velocity);
  assign_values(visible_velocity, from.visible_velocity);
  assign_values(log_variance_velocity, from.log_variance_velocity);
  has_mean_activation = from.mean_activation != nullptr;
  assign_values(mean_activation, from.mean_activation);
  hidden_offset.resize(from.hidden_offset ? n_hidden : 0);
  assign_values(hidden_offset, from.hidden_offset);
  visible_offset.resize(from.visible_offset ? n_visible : 0);
  assign_values(visible_offset, from.visible_offset);
}

void PlainState::copy_to(const OptimizerArrays<double*>& to) const {
  copy_out(weight_velocity, to.weight_velocity);
  copy_out(hidden_velocity, to.hidden_velocity);
  copy_out(visible_velocity, to.visible_velocity);
  copy_out(mean_activation, to.mean_activation);
  copy_out(hidden_offset, to.hidden_offset);
  copy_out(visible_offset, to.visible_offset);
  copy_out(log_variance_velocity, to.log_variance_velocity);
}

void PlainState::set_chains(const Rows& rows) { chains = plain_rows(rows, Run{}); }

Rows PlainState::chain_rows() const {
  return rows_of(chains, n_chains(), n_hidden, units.hidden, Run{});
}

void PlainState::add_change_since(const PlainState& before, WeightChangeSum& sum) const {
  sum.add(weights.data(), before.weights.data(), static_cast<int64_t>(weights.size()));
}

}  // namespace udl
