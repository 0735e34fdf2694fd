#pragma once
// What decides the scale of the weights (base/fixed.h), and a limit of their size.
#include <cstdint>

#include "kernels/cuda/kernel.h"

namespace udl::cuda::plain {

/// *bits = the larger of itself and the float bits of the largest magnitude; NaN is the largest. A
/// thread a value.
struct LargestArguments {
  const float* values;
  int64_t n;
  int32_t* bits;
};
extern const Kernel kLargest;

/// *norm = the larger of itself and the largest half-norm of integers round(W * inverse_scale): the
/// sum of the positive, or of the negative ones among `block` aligned terms of a line, a row or a
/// column of weights. All integers are below 2^24. A thread a line.
struct HalfNormArguments {
  const float* weights;  ///< term n of line l lies at weights[l * line_stride + n * term_stride]
  int64_t lines, terms, line_stride, term_stride, block;
  float inverse_scale;
  unsigned long long* norm;
};
extern const Kernel kHalfNorms;

/// Weights of each hidden unit whose Euclidean norm is above the limit are scaled down to it;
/// squares are added in order, each with one rounding. A thread a hidden unit.
struct LimitArguments {
  float* weights;  ///< [n_hidden][n_visible]
  int64_t n_visible, n_hidden;
  float limit;
};
extern const Kernel kLimitNorms;

}  // namespace udl::cuda::plain
