#pragma once
// Histograms of distances, and the distance up to which k codes lie.
#include <cstdint>

#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/kernel.h"

namespace udl::cuda {

/// counts[q][d] += number of codes at distance d of query q, d = 0 .. n_bits.
/// A block for hamming_blocks(set); hamming_histogram_shared(n_bits) bytes of shared memory.
struct HammingHistogram {
  HammingSet set;
  uint32_t* counts;
};
constexpr int64_t hamming_histogram_shared(int32_t n_bits) {
  return n_bits + 1 <= kHammingSharedBins ? int64_t{kHammingWarps} * (n_bits + 1) * 4 : 0;
}
extern const Kernel kHammingHistogram;

/// Limits for the k >= 1 nearest of each query, from histograms; -1, within which is nothing, where
/// there are fewer or where more than `most` codes are as near. A warp a query.
struct HammingThreshold {
  const uint32_t* counts;  ///< [n_queries][n_bits + 1]
  HammingLimits to;
  int32_t n_queries;
  int32_t n_bits;
  uint32_t k;
  uint32_t most;
};
extern const Kernel kHammingThreshold;

}  // namespace udl::cuda
