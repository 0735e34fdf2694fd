// Products of bfloat16 numbers of one CPU target. Compiled once per target with UDL_TARGET=<name>.
#include "kernels/rbm.h"

#include "kernels/cpu/rbm/bfloat16.h"
#include "kernels/cpu/target_name.h"

namespace udl {

const RbmBfloat16Kernels UDL_JOIN(rbm_bfloat16_kernels_, UDL_TARGET) = bfloat16_kernels();

}  // namespace udl
