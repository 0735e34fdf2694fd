#include "kernels/cuda/plain/rows.h"

#include "kernels/cuda/plain/states.h"
#include "kernels/cuda/thread.h"

namespace udl::cuda::plain {
namespace {

template <class T>
__device__ void gather(const GatherArguments<T>& a) {
  const int64_t at = thread_number();
  if (at >= a.rows * a.columns) return;
  const int64_t number = a.first + at / a.columns;
  const int64_t row = a.order != nullptr ? static_cast<int64_t>(a.order[number]) : number;
  a.to[at] = a.from[row * a.columns + at % a.columns];
}

}  // namespace

extern "C" __global__ void udl_plain_gather_bits(
    const __grid_constant__ GatherArguments<uint32_t> a) {
  gather(a);
}

extern "C" __global__ void udl_plain_gather_values(
    const __grid_constant__ GatherArguments<float> a) {
  gather(a);
}

extern "C" __global__ void udl_plain_binarise(const __grid_constant__ BinariseArguments a) {
  const int64_t at = thread_number(), width = kStateBits * state_words(a.n_units);
  const int64_t row = at / width, unit = at % width;
  if (row >= a.rows) return;
  bool on = false;
  if (unit < a.n_units) {
    const uint32_t draw =
        draw_bits(a.draws, static_cast<uint32_t>(row), static_cast<uint32_t>(unit));
    on = static_cast<float>(draw >> kUniformShift) < a.values[row * a.n_units + unit] * kUniformOne;
  }
  store_bits(on, a.to + at / kStateBits);
}

extern "C" __global__ void udl_plain_hold(const __grid_constant__ HoldArguments a) {
  const int64_t at = thread_number();
  if (at >= a.rows * a.words) return;
  const int64_t row = at / a.words, word = at % a.words;
  const uint32_t mask = a.mask[row * a.mask_stride + word];
  uint32_t& states = a.states[row * a.state_stride + word];
  states = (states & ~mask) | (a.values[row * a.value_stride + word] & mask);
}

extern "C" __global__ void udl_plain_respace(const __grid_constant__ RespaceArguments a) {
  const int64_t at = thread_number();
  if (at >= a.rows * a.to_words) return;
  const int64_t row = at / a.to_words, word = at % a.to_words;
  a.to[at] = word < a.from_words ? a.from[row * a.from_words + word] : 0;
}

extern "C" __global__ void udl_plain_hold_means(const __grid_constant__ HoldMeansArguments a) {
  const int64_t at = thread_number();
  if (at >= a.rows * a.n_units) return;
  const int64_t row = at / a.n_units, unit = at % a.n_units;
  if (state_bit(a.mask + row * a.mask_stride, unit))
    a.means[at] = state_bit(a.values + row * a.value_stride, unit) ? 1.0f : 0.0f;
}

const Kernel kGatherBits = UDL_KERNEL(udl_plain_gather_bits);
const Kernel kGatherValues = UDL_KERNEL(udl_plain_gather_values);
const Kernel kBinarise = UDL_KERNEL(udl_plain_binarise);
const Kernel kHold = UDL_KERNEL(udl_plain_hold);
const Kernel kRespace = UDL_KERNEL(udl_plain_respace);
const Kernel kHoldMeans = UDL_KERNEL(udl_plain_hold_means);

}  // namespace udl::cuda::plain
