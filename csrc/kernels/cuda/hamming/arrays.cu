#include "kernels/cuda/hamming/arrays.h"

#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/thread.h"

namespace udl::cuda {

extern "C" __global__ void udl_hamming_take_rows(const __grid_constant__ HammingTakeRows a) {
  const int64_t at = thread_number();
  if (at >= a.n * a.row_words) return;
  const int64_t r = at / a.row_words, word = at % a.row_words;
  const int64_t row = a.numbers != nullptr ? a.numbers[r] : r;
  uint32_t bits = 0;
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t byte = 4 * word + i;
    if (byte < a.n_bytes)
      bits |= static_cast<uint32_t>(a.from[row * a.row_stride + byte * a.byte_stride]) << (8 * i);
  }
  a.to[at] = bits;
}

extern "C" __global__ void udl_hamming_answer(const __grid_constant__ HammingAnswer a) {
  const int64_t at = thread_number();
  if (at >= a.n_queries * a.k) return;
  const int64_t query = at / a.k, rank = at % a.k;
  const int64_t to = (a.rows != nullptr ? a.rows[query] : query) * a.k + rank;
  if (rank >= a.n) {
    a.distances[to] = a.no_distance;
    a.ids[to] = a.no_id;
    return;
  }
  const uint64_t key = a.keys[query * a.n + rank];
  const int32_t position = key_position(key);
  a.distances[to] = key_distance(key);
  a.ids[to] = a.ids_of != nullptr ? a.ids_of[position] : position;
}

const Kernel kHammingTakeRows = UDL_KERNEL(udl_hamming_take_rows);
const Kernel kHammingAnswer = UDL_KERNEL(udl_hamming_answer);

}  // namespace udl::cuda
