#pragma once
// How new sums meet the sums a caller holds.
#include "kernels/cpu/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

UDL_ALWAYS_INLINE void combine_sums(Combine combine, i32x16 found, int32_t* sums) {
  if (combine == Combine::add) found = load(sums) + found;
  if (combine == Combine::subtract) found = load(sums) - found;
  store(sums, found);
}

}  // namespace
}  // namespace udl
