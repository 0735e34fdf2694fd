// The kernel tables of dense nets of one CPU target. Compiled once per target with
// UDL_TARGET=<name>.
#include "kernels/dense.h"

#include "kernels/cpu/dense/bfloat16.h"
#include "kernels/cpu/dense/bfloat16_lists.h"
#include "kernels/cpu/dense/int16.h"
#include "kernels/cpu/dense/int8.h"
#include "kernels/cpu/dense/lists.h"
#include "kernels/cpu/dense/loss.h"
#include "kernels/cpu/dense/products.h"
#include "kernels/cpu/dense/update.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

constexpr PixelListKernels list_kernels() {
  PixelListKernels kernels{};
  kernels.by_row = list_by_row;
  kernels.by_pair = list_by_pair;
  kernels.to_outputs = listed_to_outputs;
  kernels.weights = listed_weights;
  return kernels;
}

constexpr Bfloat16Kernels bfloat16_kernels() {
  Bfloat16Kernels kernels{};
#if defined(UDL_HAS_BFLOAT16)
  kernels.pack = pack_units;
  kernels.pack_transposed = pack_transposed;
  kernels.to_outputs = pairs_to_outputs;
  kernels.to_inputs = pairs_to_inputs;
  kernels.list = list_pairs;
  kernels.order_alike = order_alike;
  kernels.listed_to_outputs = listed_pairs_to_outputs;
  kernels.weights = update_weights_by_pairs;
  kernels.list_units = list_row_pairs;
  kernels.listed_weights = listed_weights_by_pairs;
#endif
  return kernels;
}

constexpr DenseKernels all_kernels() {
  DenseKernels kernels{};
  kernels.target = UDL_TEXT(UDL_TARGET);
  kernels.products = {to_outputs, to_inputs};
  kernels.update = {update_weights, sum_rows, take_step};
  kernels.loss = {loss_errors, activate_units, output_errors, softmax_sums};
  kernels.lists = list_kernels();
  kernels.bfloat16 = bfloat16_kernels();
  kernels.int16 = int16_kernels();
  kernels.int8 = int8_kernels();
  return kernels;
}

}  // namespace

const DenseKernels UDL_JOIN(dense_kernels_, UDL_TARGET) = all_kernels();

}  // namespace udl
