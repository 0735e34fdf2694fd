// The RBM kernels of one CPU target: its tables, gathered. Compiled once per target with
// UDL_TARGET=<name>.
#include "kernels/rbm.h"

#include "kernels/cpu/target_name.h"

namespace udl {

#define UDL_TABLES_OF(part) UDL_JOIN(rbm_##part##_kernels_, UDL_TARGET)

// References to constants: all is there before any code runs.
const RbmKernels UDL_JOIN(rbm_kernels_, UDL_TARGET) = {
    UDL_TEXT(UDL_TARGET),           UDL_TABLES_OF(products).products, UDL_TABLES_OF(products).lists,
    UDL_TABLES_OF(products).sparse, UDL_TABLES_OF(products).gradient, UDL_TABLES_OF(bfloat16),
    UDL_TABLES_OF(units).units,     UDL_TABLES_OF(units).groups,      UDL_TABLES_OF(units).flips,
    UDL_TABLES_OF(learning).update, UDL_TABLES_OF(learning).centring, UDL_TABLES_OF(learning).norms,
};

}  // namespace udl
