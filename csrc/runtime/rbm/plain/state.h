#pragma once
// Everything an RBM of doubles learns.
#include <cstdint>
#include <vector>

#include "runtime/data/rows.h"
#include "runtime/memory/weight_change.h"
#include "runtime/rbm/model/arrays.h"
#include "runtime/rbm/model/units/units.h"

namespace udl {

using PlainMatrix = std::vector<double>;  ///< row-major

struct PlainState {
  using Real = double;

  PlainState(int64_t n_visible, int64_t n_hidden, const Units& units);

  int64_t n_visible, n_hidden;
  Units units;
  PlainMatrix weights, hidden_bias, visible_bias;
  /// Of Gaussian visible units, as in Layer; empty for others.
  PlainMatrix log_variance, log_variance_velocity;
  PlainMatrix weight_velocity;  ///< empty until a minibatch was learned
  PlainMatrix hidden_velocity, visible_velocity, mean_activation;
  bool has_mean_activation = false;
  PlainMatrix hidden_offset, visible_offset;  ///< of a centred model, else empty
  PlainMatrix chains;                         ///< hidden states
  std::vector<double> betas;                  ///< as in RbmState

  // Arrays in and out; those out that are null are left out.
  void assign(const ParameterArrays<const double*>& from);
  void copy_to(const ParameterArrays<double*>& to) const;
  void assign(const OptimizerArrays<const double*>& from);
  void copy_to(const OptimizerArrays<double*>& to) const;
  bool has_weight_velocity() const { return !weight_velocity.empty(); }
  bool has_offsets() const { return !hidden_offset.empty(); }
  void set_chains(const Rows& rows);
  Rows chain_rows() const;
  int64_t n_chains() const { return static_cast<int64_t>(chains.size()) / n_hidden; }

  void add_change_since(const PlainState& before, WeightChangeSum& sum) const;
};

}  // namespace udl
