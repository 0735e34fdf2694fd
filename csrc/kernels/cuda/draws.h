#pragma once
// The draws of base/sampling.h as a device makes them: what every sample rests on, to be compared.
#include <cstdint>

#include "base/sampling.h"
#include "kernels/cuda/kernel.h"

namespace udl::cuda {

/// out[r * n_units + j] = the draw of unit j of chain first_chain + r. A thread a draw.
struct DrawArguments {
  uint32_t* out;
  DrawKey key;
  uint32_t first_chain;
  int64_t n_chains, n_units;
};
extern const Kernel kDraws;

}  // namespace udl::cuda
