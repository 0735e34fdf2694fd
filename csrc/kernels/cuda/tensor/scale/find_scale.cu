// One block looks at all weights, a few times: calls are rare.
#include "kernels/cuda/tensor/scale/find_scale.h"

#include "kernels/cuda/tensor/scale/scale_rule.h"

namespace udl::cuda {

extern "C" __global__ void __launch_bounds__(kFindScaleThreads)
    udl_find_scale(const __grid_constant__ FindScaleArguments s) {
  __shared__ unsigned long long room;
  RunState& run = *s.run;
  const int before = run.exponent;
  const int64_t n = static_cast<int64_t>(s.n_visible) * s.n_hidden;
  unsigned largest_bits = 0;
  for (int64_t i = threadIdx.x; i < n; i += kFindScaleThreads)
    largest_bits = max(largest_bits, __float_as_uint(s.weights[i]) & 0x7FFFFFFFu);
  const float largest =
      __uint_as_float(static_cast<unsigned>(largest_of_block(largest_bits, &room)));
  const bool is_finite = largest < INFINITY;  // NaN is not
  int exponent = before;
  if (is_finite)
    exponent =
        ScaleRule(s.weights, s.n_visible, s.n_hidden, s.narrow != 0, largest, &room).find(before);
  __syncthreads();  // all have read what is written now
  if (threadIdx.x != 0) return;
  set_scale(run, exponent);
  run.rescaled = run.minibatch;
  run.not_finite = !is_finite;
}

const Kernel kFindScale = UDL_KERNEL(udl_find_scale);

}  // namespace udl::cuda
