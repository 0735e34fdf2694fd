// The RBM kernel table of one CPU target. Compiled once per target with UDL_TARGET=<name>.
#include "kernels/rbm.h"

#include "kernels/cpu/rbm/active_lists.h"
#include "kernels/cpu/rbm/bit_transpose.h"
#include "kernels/cpu/rbm/dense.h"
#include "kernels/cpu/rbm/narrow_norms.h"
#include "kernels/cpu/rbm/pair_counts.h"
#include "kernels/cpu/rbm/products.h"
#include "kernels/cpu/rbm/units/bernoulli.h"
#include "kernels/cpu/rbm/update.h"
#include "kernels/cpu/target_name.h"

namespace udl {

const RbmKernels UDL_JOIN(rbm_kernels_, UDL_TARGET) = {
    UDL_TEXT(UDL_TARGET), hidden_sums,       visible_sums,       hidden_list_sums,
    visible_list_sums,    integer_panel,     integer_list_sums,  count_list_entries,
    unit_counts,          list_active,       activate,           column_sums,
    sample_values,        transpose_tile,    gradient_sums,      join_units,
    pair_counts,          dense_hidden_sums, dense_visible_sums, dense_gradient_sums,
    update_panel,         narrow_norms,      largest_of_sums,    largest_row_norm,
};

}  // namespace udl
