#pragma once
// Rows of a minibatch, and units that are held.
#include <cstdint>

#include "base/sampling.h"
#include "kernels/cuda/kernel.h"

namespace udl::cuda::plain {

/// to[r][c] = from[order[first + r]][c], or from[first + r][c] where order is null, of `columns`
/// words or reals a row. A thread an element.
template <class T>
struct GatherArguments {
  T* to;
  const T* from;
  const uint32_t* order;
  int64_t first, rows, columns;
};
extern const Kernel kGatherBits;    ///< of uint32_t
extern const Kernel kGatherValues;  ///< of float

/// Bit c of row r = u < values[r][c], u the uniform draw of unit c of chain r: what the CPU's
/// UnitKernels::sample_values draws. A thread a bit, a warp a word.
struct BinariseArguments {
  uint32_t* to;         ///< [rows][state_words(n_units)]
  const float* values;  ///< [rows][n_units]
  DrawKey draws;
  int64_t rows, n_units;
};
extern const Kernel kBinarise;

/// Units of the mask take their bits from `values`: states[r] = states[r] outside of mask[r],
/// values[r] within. A mask's or values' stride of 0 is one row for all. A thread a word.
struct HoldArguments {
  uint32_t* states;  ///< [rows][words], state_stride words apart
  const uint32_t *mask, *values;
  int64_t rows, words, state_stride, mask_stride, value_stride;
};
extern const Kernel kHold;

/// The same for means, real values: those of held units become 0 or 1. A thread a unit.
struct HoldMeansArguments {
  float* means;  ///< [rows][n_units]
  const uint32_t *mask, *values;
  int64_t rows, n_units, mask_stride, value_stride;
};
extern const Kernel kHoldMeans;

/// to[r][c] = from[r][c], 0 where `from` has no such word: rows of words at another distance from
/// each other. A thread a word of `to`.
struct RespaceArguments {
  uint32_t* to;
  const uint32_t* from;
  int64_t rows, to_words, from_words;
};
extern const Kernel kRespace;

}  // namespace udl::cuda::plain
