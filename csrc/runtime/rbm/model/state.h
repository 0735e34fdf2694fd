#pragma once
// Parameters, optimiser state and chains of one RBM in the layout that kernels read.
#include <cstdint>
#include <vector>

#include "base/fixed.h"
#include "kernels/rbm.h"
#include "runtime/data/rows.h"
#include "runtime/memory/buffer.h"
#include "runtime/memory/panels.h"
#include "runtime/memory/weight_change.h"
#include "runtime/rbm/model/arrays.h"
#include "runtime/rbm/model/layer.h"
#include "runtime/rbm/model/layer_states.h"
#include "runtime/rbm/model/scale/scale.h"

namespace udl {

/// Everything learning changes.
struct RbmState {
  using Real = float;

  RbmState(int64_t n_visible, int64_t n_hidden, const Units& units, bool fast);

  int64_t n_visible, n_hidden;
  PanelMatrix weights;
  PanelMatrix weight_velocity;  ///< empty until momentum is used
  Layer hidden, visible;
  Buffer<float> mean_activation;  ///< running mean of the hidden units, for the sparsity target
  bool has_mean_activation = false;
  LayerStates chains;         ///< hidden states of persistent chains
  std::vector<double> betas;  ///< inverse temperatures that an adaptive training left, or empty
  bool fast;                  ///< precision "fast": the one or the other of
                              ///< has_narrow_tables and rounds_products
  bool narrow;                ///< tables of 16 bits at present
  int scale_exponent;

  /// Sums of bits are made with narrow tables, but where few rows are learned.
  bool has_narrow_tables() const { return fast && !visible.has_variances(); }
  /// What is learned is learned from products of bfloat16 numbers; nothing else is rounded.
  bool rounds_products() const { return fast && visible.has_variances(); }

  /// From now on; the scale is that of these tables, unless weights are not finite.
  void use_tables(bool narrow_tables, int n_threads);

  int64_t hidden_tiles() const { return hidden.n_tiles(); }
  int64_t visible_tiles() const { return visible.n_tiles(); }
  WeightPanelsView panels_at(int exponent) const { return weights.view(exponent, narrow); }

  // Arrays in and out; those out that are null are left out.
  void assign(const ParameterArrays<const float*>& from);
  void copy_to(const ParameterArrays<float*>& to) const;
  void assign(const OptimizerArrays<const float*>& from);
  void copy_to(const OptimizerArrays<float*>& to) const;
  bool has_weight_velocity() const { return !weight_velocity.empty(); }
  bool has_offsets() const { return hidden.has_offset() && visible.has_offset(); }
  void set_chains(const Rows& rows) { chains = states_of(rows, hidden); }
  Rows chain_rows() const { return rows_of_states(chains, hidden); }
  int64_t n_chains() const { return chains.rows(); }

  void add_change_since(const RbmState& before, WeightChangeSum& sum) const;
};

}  // namespace udl
