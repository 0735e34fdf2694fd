#pragma once
// Rows of a minibatch in the order they are presented: side by side, and unit by unit.
#include <cstdint>

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/run_state.h"

namespace udl::cuda {

struct FetchArguments {
  const RunState* run;
  const uint32_t* data;   ///< all rows, data_stride words each; no bits beyond n_units
  const uint32_t* order;  ///< of rows; null: as they are
  int32_t data_stride, n_units;
  int32_t row_words;    ///< state_stride of the most rows
  uint32_t* row_bits;   ///< state_stride(n_units) words a row
  uint32_t* unit_bits;  ///< row_words words a unit; 0 beyond the rows
};

constexpr int kFetchThreads = 128;  ///< a warp takes 32 rows and 32 units
extern const Kernel kFetch;

}  // namespace udl::cuda
