#pragma once
// Arrays of callers that are on the device: codes in, neighbours out.
#include <cstdint>

#include "kernels/cuda/kernel.h"

namespace udl::cuda {

/// to[r] = row numbers[r] of a caller's bytes, or row r where numbers is null, as words that end in
/// zeros. A thread a word.
struct HammingTakeRows {
  uint32_t* to;         ///< [n][row_words]
  const uint8_t* from;  ///< strides are in bytes, of any sign
  int64_t row_stride, byte_stride;
  const int64_t* numbers;
  int64_t n;
  int32_t n_bytes, row_words;
};
extern const Kernel kHammingTakeRows;

/// The first n of k neighbours of each query from its keys, and what stands for those that are not
/// there. Query q is row rows[q] of the answer, or row q where rows is null. A thread a neighbour.
struct HammingAnswer {
  int32_t* distances;    ///< [row][k]
  int64_t* ids;          ///< the same
  const uint64_t* keys;  ///< [n_queries][n]
  const int64_t* rows;
  const int64_t* ids_of;  ///< of positions; null: positions are ids
  int64_t n_queries, k, n;
  int32_t no_distance;
  int64_t no_id;
};
extern const Kernel kHammingAnswer;

}  // namespace udl::cuda
