// New images of old weights at a new scale. Nearly always there is nothing to do.
#include "kernels/cuda/tensor/scale/rescale.h"

#include "base/fixed.h"
#include "kernels/cuda/tensor/scale/weight_images.h"

namespace udl::cuda {
namespace {

template <int kSlices>
UDL_DEVICE void rescale(const RescaleArguments& s) {
  constexpr int kStride = kRescaleUnits + 4;
  __shared__ int integers[kRescaleUnits * kStride];
  const RunState& run = *s.run;
  if (is_over(run) || run.rescaled != run.minibatch) return;
  const int first_visible = blockIdx.x * kRescaleUnits, first_hidden = blockIdx.y * kRescaleUnits;
  for (int n = threadIdx.x; n < kRescaleUnits * kRescaleUnits; n += kRescaleThreads) {
    const int visible = n % kRescaleUnits, hidden = n / kRescaleUnits;
    const int i = first_visible + visible, j = first_hidden + hidden;
    int integer = 0;
    if (i < s.n_visible && j < s.n_hidden)
      integer =
          round_to_int(s.weights[static_cast<size_t>(j) * s.n_visible + i] * run.inverse_scale);
    integers[hidden * kStride + visible] = integer;
  }
  __syncthreads();
  store_images<kSlices, kRescaleThreads, kRescaleUnits, kRescaleUnits>(
      integers, kStride, 1, first_hidden, first_visible,
      {s.to_hidden, s.n_hidden, s.n_visible, {nullptr, nullptr}});
  store_images<kSlices, kRescaleThreads, kRescaleUnits, kRescaleUnits>(
      integers, 1, kStride, first_visible, first_hidden,
      {s.to_visible, s.n_visible, s.n_hidden, {nullptr, nullptr}});
}

}  // namespace

#define UDL_RESCALE(name, slices)                                \
  extern "C" __global__ void __launch_bounds__(kRescaleThreads)  \
      name(const __grid_constant__ RescaleArguments arguments) { \
    rescale<slices>(arguments);                                  \
  }
UDL_RESCALE(udl_rescale_3, 3)
UDL_RESCALE(udl_rescale_2, 2)
#undef UDL_RESCALE

const Kernel kRescale[2] = {UDL_KERNEL(udl_rescale_3), UDL_KERNEL(udl_rescale_2)};

}  // namespace udl::cuda
