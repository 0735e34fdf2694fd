#include "runtime/rbm/model/paired_states.h"

#include <string>

#include "base/error.h"
#include "runtime/dispatch/target.h"

namespace udl {
namespace {

const RbmBfloat16Kernels& kernels_in_use() {
  const RbmBfloat16Kernels& kernels = rbm_kernels().bfloat16;
  const char* reason = why_no_bfloat16();
  if (reason == nullptr && kernels.pack != nullptr) return kernels;
  throw NotAvailable(
      std::string("train: precision='fast' with visible='gaussian' multiplies bfloat16 numbers, "
                  "and ") +
      (reason != nullptr ? reason : "the CPU target has just changed") + "; use precision='fixed'");
}

}  // namespace

void PairedStates::allocate(int64_t max_rows, int64_t n_units) {
  kernels_ = &kernels_in_use();
  n_tiles_ = divide_up(n_units, kTileUnits);
  by_unit_.resize(max_rows * n_tiles_ * kTilePairs);
  by_row_.resize(divide_up(max_rows, 2) * n_tiles_ * kTileUnits);
}

}  // namespace udl
