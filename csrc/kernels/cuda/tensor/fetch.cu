// Gathers, stores and transposes squares of 32 rows and 32 units, a lane a row.
#include "kernels/cuda/tensor/fetch.h"

#include "kernels/cuda/warp.h"

namespace udl::cuda {
namespace {

/// Lane l gives row l of 32 bits and gets column l: blocks of 16, 8, .. 1 beside the diagonal
/// change places.
UDL_DEVICE uint32_t transpose(uint32_t row) {
  const int lane = threadIdx.x % 32;
  uint32_t low = 0x0000FFFFu;
#pragma unroll
  for (int size = 16; size > 0; size /= 2) {
    const uint32_t other = __shfl_xor_sync(kWholeWarp, row, size);
    row = lane & size ? (row & ~low) | (other >> size & low) : (row & low) | (other << size & ~low);
    low ^= low << (size / 2);
  }
  return row;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kFetchThreads)
    udl_fetch(const __grid_constant__ FetchArguments s) {
  const RunState& run = *s.run;
  if (is_over(run)) return;
  const int n_rows = data_rows(run), n_words = (s.n_units + kStateBits - 1) / kStateBits;
  const int item = blockIdx.x * (kFetchThreads / 32) + threadIdx.x / 32;
  const int first_row = item / n_words * 32, word = item % n_words;
  if (first_row >= n_rows) return;
  const int lane = threadIdx.x % 32, row = first_row + lane;
  uint32_t bits = 0;
  if (row < n_rows) {
    const int64_t place = static_cast<int64_t>(run.minibatch) * run.batch_size + row;
    const int64_t from = s.order != nullptr ? s.order[place] : place;
    bits = s.data[from * s.data_stride + word];
    s.row_bits[row * state_stride(s.n_units) + word] = bits;
  }
  const uint32_t column = transpose(bits);
  const int unit = word * kStateBits + lane;
  if (unit < s.n_units)
    s.unit_bits[static_cast<int64_t>(unit) * s.row_words + first_row / 32] = column;
}

const Kernel kFetch = UDL_KERNEL(udl_fetch);

}  // namespace udl::cuda
