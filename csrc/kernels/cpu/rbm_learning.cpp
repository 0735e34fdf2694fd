// What a gradient changes, and the norms of the new weights, of one CPU target. Compiled once per
// target with UDL_TARGET=<name>.
#include "kernels/rbm.h"

#include "kernels/cpu/rbm/learning/centring.h"
#include "kernels/cpu/rbm/learning/half_norms.h"
#include "kernels/cpu/rbm/learning/update.h"
#include "kernels/cpu/rbm/learning/update_norms.h"
#include "kernels/cpu/rbm/learning/weight_limit.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

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

constexpr RbmLearningKernels all_kernels() {
  RbmLearningKernels kernels{};
  kernels.update = update_kernels();
  kernels.centring = centring_kernels();
  kernels.norms = norm_kernels();
  return kernels;
}

}  // namespace

const RbmLearningKernels UDL_JOIN(rbm_learning_kernels_, UDL_TARGET) = all_kernels();

}  // namespace udl
