#include "kernels/cuda/plain/norms.h"

#include "base/fixed.h"
#include "kernels/cuda/thread.h"

namespace udl::cuda::plain {
namespace {

__device__ int64_t larger(int64_t a, int64_t b) { return a < b ? b : a; }

/// The largest half-norm of one line.
__device__ int64_t line_half_norm(const HalfNormArguments& a, int64_t line) {
  int64_t positive = 0, negative = 0, largest = 0;
  for (int64_t n = 0; n < a.terms; ++n) {
    if (n % a.block == 0) positive = negative = 0;
    const float w = a.weights[line * a.line_stride + n * a.term_stride];
    const int32_t z = round_to_int(w * a.inverse_scale);
    positive += z > 0 ? z : 0;
    negative += z < 0 ? -z : 0;
    largest = larger(largest, larger(positive, negative));
  }
  return largest;
}

}  // namespace

extern "C" __global__ void udl_plain_largest(const __grid_constant__ LargestArguments a) {
  const int64_t at = thread_number();
  if (at < a.n) atomicMax(a.bits, __float_as_int(a.values[at]) & 0x7FFFFFFF);
}

extern "C" __global__ void udl_plain_half_norms(const __grid_constant__ HalfNormArguments a) {
  const int64_t line = thread_number();
  if (line < a.lines) atomicMax(a.norm, static_cast<unsigned long long>(line_half_norm(a, line)));
}

extern "C" __global__ void udl_plain_limit_norms(const __grid_constant__ LimitArguments a) {
  const int64_t j = thread_number();
  if (j >= a.n_hidden) return;
  float* row = a.weights + j * a.n_visible;
  float squares = 0;
  for (int64_t i = 0; i < a.n_visible; ++i) squares = __fmaf_rn(row[i], row[i], squares);
  const float norm = sqrtf(squares);
  if (!(norm > a.limit)) return;
  const float factor = a.limit / norm;
  for (int64_t i = 0; i < a.n_visible; ++i) row[i] = row[i] * factor;
}

const Kernel kLargest = UDL_KERNEL(udl_plain_largest);
const Kernel kHalfNorms = UDL_KERNEL(udl_plain_half_norms);
const Kernel kLimitNorms = UDL_KERNEL(udl_plain_limit_norms);

}  // namespace udl::cuda::plain
