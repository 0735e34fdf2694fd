#pragma once
// Codes within limits in the order of positions: chunks are counted, the counts added up, and each
// chunk writes its codes behind those of the chunks before.
#include <cstdint>

#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/kernel.h"

namespace udl::cuda {

/// Codes of a chunk that lie below a query's limit, and at it.
struct HammingTally {
  uint32_t below;
  uint32_t at;
};

/// tallies[q][chunk]: a row has hamming_chunks(set) + 1 of them; the last is left alone. A block
/// for hamming_blocks(set).
struct HammingTallies {
  HammingSet set;
  const int32_t* limits;
  HammingTally* tallies;
};
extern const Kernel kHammingTally;

/// Turns each row of tallies into the sums of all before, the last being the sum of the row, and
/// found[q] into the number of codes taken. A warp a query.
struct HammingOffsets {
  HammingTally* tallies;
  HammingLimits from;
  uint32_t* found;
  int32_t n_queries;
  int32_t n_chunks;
};
extern const Kernel kHammingOffsets;

/// keys[starts[q] ...]: the codes taken, in the order of positions. `tallies` as hamming_offsets
/// leaves them. A block for hamming_blocks(set).
struct HammingPlace {
  HammingSet set;
  HammingLimits from;
  const HammingTally* tallies;
  const int64_t* starts;
  uint64_t* keys;
};
extern const Kernel kHammingPlace;

}  // namespace udl::cuda
