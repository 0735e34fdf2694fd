#pragma once
// Lists of keys: gathered within limits in any order, and put in order.
#include <cstdint>

#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/kernel.h"

namespace udl::cuda {

/// Appends the keys of all codes within the limit of each query to its list, in any order. found[q]
/// counts them, also those beyond the room of a list, which are not written. A block for
/// hamming_blocks(set).
struct HammingCollect {
  HammingSet set;
  const int32_t* limits;
  uint64_t* keys;  ///< [n_queries][kHammingListRoom]
  uint32_t* found;
};
extern const Kernel kHammingCollect;

/// nearest[q * k + r]: the r-th smallest of the found[q] <= kHammingListRoom keys from keys[q *
/// room] on, for r < k; what is not there is left alone, and so are queries with more keys. A block
/// a query.
struct HammingRank {
  const uint64_t* keys;
  const uint32_t* found;
  uint64_t* nearest;
  int32_t room;  ///< from the keys of one query to those of the next
  int32_t k;
};
extern const Kernel kHammingRank;

}  // namespace udl::cuda
