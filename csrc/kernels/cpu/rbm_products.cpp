// Products of states with weights, and of states with probabilities, of one CPU target. Compiled
// once per target with UDL_TARGET=<name>.
#include "kernels/rbm.h"

#include "kernels/cpu/rbm/active_lists.h"
#include "kernels/cpu/rbm/bit_transpose.h"
#include "kernels/cpu/rbm/dense.h"
#include "kernels/cpu/rbm/pair_counts.h"
#include "kernels/cpu/rbm/products.h"
#include "kernels/cpu/rbm/row_dots.h"
#include "kernels/cpu/rbm/sparse.h"
#include "kernels/cpu/rbm/unit_sums.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

constexpr ProductKernels product_kernels() {
  ProductKernels kernels{};
  kernels.hidden_sums = hidden_sums;
  kernels.visible_sums = visible_sums;
  kernels.integer_sums = integer_sums;
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
  kernels.visible_integer_panel = visible_integer_panel;
  kernels.integer_sums = integer_list_sums;
  return kernels;
}

constexpr SparseKernels sparse_kernels() {
  SparseKernels kernels{};
  kernels.hidden_sums = sparse_hidden_sums;
  kernels.value_hidden_sums = sparse_value_hidden_sums;
  kernels.gradient_sums = sparse_gradient_sums;
  kernels.add_gradient_sums = sparse_add_gradient_sums;
  kernels.column_sums = sparse_column_sums;
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

constexpr RbmProductsKernels all_kernels() {
  RbmProductsKernels kernels{};
  kernels.products = product_kernels();
  kernels.lists = list_kernels();
  kernels.sparse = sparse_kernels();
  kernels.gradient = gradient_kernels();
  return kernels;
}

}  // namespace

const RbmProductsKernels UDL_JOIN(rbm_products_kernels_, UDL_TARGET) = all_kernels();

}  // namespace udl
