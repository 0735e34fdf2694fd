// The RBM kernel tables of one CPU target. Compiled once per target with UDL_TARGET=<name>.
#include "kernels/rbm.h"

#include "kernels/cpu/rbm/active_lists.h"
#include "kernels/cpu/rbm/bit_transpose.h"
#include "kernels/cpu/rbm/centring.h"
#include "kernels/cpu/rbm/dense.h"
#include "kernels/cpu/rbm/flips.h"
#include "kernels/cpu/rbm/half_norms.h"
#include "kernels/cpu/rbm/pair_counts.h"
#include "kernels/cpu/rbm/products.h"
#include "kernels/cpu/rbm/row_dots.h"
#include "kernels/cpu/rbm/sparse.h"
#include "kernels/cpu/rbm/unit_sums.h"
#include "kernels/cpu/rbm/units/bernoulli.h"
#include "kernels/cpu/rbm/units/gaussian.h"
#include "kernels/cpu/rbm/units/groups.h"
#include "kernels/cpu/rbm/units/log_terms.h"
#include "kernels/cpu/rbm/update.h"
#include "kernels/cpu/rbm/update_norms.h"
#include "kernels/cpu/rbm/weight_limit.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

constexpr ProductKernels product_kernels() {
  ProductKernels kernels{};
  kernels.hidden_sums = hidden_sums;
  kernels.visible_sums = visible_sums;
  kernels.dense_hidden_sums = dense_hidden_sums;
  kernels.dense_visible_sums = dense_visible_sums;
  return kernels;
}

constexpr ListKernels list_kernels() {
  ListKernels kernels{};
  kernels.count_entries = count_list_entries;
  kernels.list_active = list_active;
  kernels.hidden_sums = hidden_list_sums;
  kernels.visible_sums = visible_list_sums;
  kernels.integer_panel = integer_panel;
  kernels.integer_sums = integer_list_sums;
  return kernels;
}

constexpr SparseKernels sparse_kernels() {
  SparseKernels kernels{};
  kernels.hidden_sums = sparse_hidden_sums;
  kernels.value_hidden_sums = sparse_value_hidden_sums;
  kernels.gradient_sums = sparse_gradient_sums;
  kernels.column_sums = sparse_column_sums;
  return kernels;
}

constexpr UnitKernels bernoulli_kernels() {
  UnitKernels kernels{};
  kernels.activate = activate_bernoulli;
  kernels.sample_values = sample_values;
  kernels.log_terms = bernoulli_log_terms;
  return kernels;
}

constexpr UnitKernels real_valued_kernels(decltype(UnitKernels::activate) activate) {
  UnitKernels kernels{};
  kernels.activate = activate;
  return kernels;
}

/// Units in groups have the log terms of no tile.
constexpr UnitKernels grouped_kernels() {
  UnitKernels kernels{};
  kernels.activate = keep_inputs;
  return kernels;
}

constexpr GroupKernels group_kernels() {
  GroupKernels kernels{};
  kernels.probabilities = group_probabilities;
  kernels.choose = choose_in_groups;
  return kernels;
}

constexpr GradientKernels gradient_kernels() {
  GradientKernels kernels{};
  kernels.transpose_tile = transpose_tile;
  kernels.join_units = join_units;
  kernels.sums = gradient_sums;
  kernels.pair_counts = pair_counts;
  kernels.dense_sums = dense_gradient_sums;
  kernels.row_dots = row_dots;
  kernels.scale_rows = scale_rows;
  kernels.unit_counts = unit_counts;
  kernels.column_sums = column_sums;
  return kernels;
}

constexpr UpdateKernels update_kernels() {
  UpdateKernels kernels{};
  kernels.panel = update_panel;
  kernels.limit_norms = limit_norms;
  return kernels;
}

constexpr CentringKernels centring_kernels() {
  CentringKernels kernels{};
  kernels.bias_shifts = bias_shifts;
  return kernels;
}

constexpr NormKernels norm_kernels() {
  NormKernels kernels{};
  kernels.largest_bits = largest_bits;
  kernels.hidden_half_norm = hidden_half_norm;
  kernels.visible_half_norm = visible_half_norm;
  kernels.largest = largest_of;
  kernels.largest_row_norm = largest_row_norm;
  kernels.largest_narrow_row_norm = largest_narrow_row_norm;
  return kernels;
}

constexpr FlipKernels flip_kernels() {
  FlipKernels kernels{};
  kernels.responses = flip_responses;
  kernels.tables = flip_tables;
  kernels.log_probabilities = flip_log_probabilities;
  return kernels;
}

constexpr RbmKernels all_kernels() {
  RbmKernels kernels{};
  kernels.target = UDL_TEXT(UDL_TARGET);
  kernels.products = product_kernels();
  kernels.lists = list_kernels();
  kernels.sparse = sparse_kernels();
  kernels.units[static_cast<int>(UnitKind::bernoulli)] = bernoulli_kernels();
  kernels.units[static_cast<int>(UnitKind::gaussian)] = real_valued_kernels(activate_gaussian);
  kernels.units[static_cast<int>(UnitKind::softmax)] = grouped_kernels();
  kernels.groups = group_kernels();
  kernels.gradient = gradient_kernels();
  kernels.update = update_kernels();
  kernels.centring = centring_kernels();
  kernels.norms = norm_kernels();
  kernels.flips = flip_kernels();
  return kernels;
}

}  // namespace

const RbmKernels UDL_JOIN(rbm_kernels_, UDL_TARGET) = all_kernels();

}  // namespace udl
