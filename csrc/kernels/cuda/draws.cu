#include "kernels/cuda/draws.h"

#include "kernels/cuda/thread.h"

namespace udl::cuda {

extern "C" __global__ void udl_draws(const __grid_constant__ DrawArguments a) {
  const int64_t at = thread_number();
  if (at >= a.n_chains * a.n_units) return;
  const auto row = static_cast<uint32_t>(at / a.n_units);
  a.out[at] = draw_bits(a.key, a.first_chain + row, static_cast<uint32_t>(at % a.n_units));
}

const Kernel kDraws = UDL_KERNEL(udl_draws);

}  // namespace udl::cuda
