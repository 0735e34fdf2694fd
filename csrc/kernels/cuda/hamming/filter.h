#pragma once
// The filter of many queries by products of bits: lists of the codes within their limits. For codes
// whose rows are 8 words, on compute capabilities 8.0 to 9.0.
#include <cstdint>

#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/kernel.h"

namespace udl::cuda {

constexpr int32_t kHammingFilterWords = 8;
constexpr int32_t kHammingTile = 256;  ///< codes of a stage
constexpr int32_t kHammingStages = 4;
constexpr int32_t kHammingStageBytes = kHammingTile * (4 * kHammingFilterWords + 1);
constexpr int32_t kHammingFilterQueries = 512;  ///< queries are padded to a multiple of it

/// Whether the filter knows codes of such rows, on such a device.
constexpr bool hamming_filter_serves(int32_t row_words, int capability) {
  return row_words == kHammingFilterWords && capability >= 80 && capability <= 90;
}

/// As HammingCollect: the keys of all codes within the limits, in any order. Rows of codes and
/// their half_ones are there up to a whole tile, rows of queries and needs up to
/// kHammingFilterQueries. Grid: any number of blocks in x, which share the codes; in y one for each
/// 8 * 16 (kHammingFilter16) or 8 * 64 queries. kHammingStages * kHammingStageBytes of shared
/// memory.
struct HammingFilter {
  HammingSet set;  ///< first_code 0, stride 1, pairs_from below 0
  const uint8_t* half_ones;
  const int32_t* needs;
  const int32_t* limits;
  uint64_t* keys;
  uint32_t* found;
};
extern const Kernel kHammingFilter16;
extern const Kernel kHammingFilter64;

/// half_ones[p] = ceil(number of ones of code p / 2) for p = first .. end - 1. A thread a code.
struct HammingHalfOnes {
  const uint32_t* codes;
  uint8_t* half_ones;
  int32_t first, end;
};
extern const Kernel kHammingHalfOnes;

/// needs[q] of the filter for n_queries queries, and of nothing for those up to n_padded. A thread
/// a query.
struct HammingNeeds {
  const uint32_t* queries;
  const int32_t* limits;
  int32_t* needs;
  int32_t n_queries, n_padded;
};
extern const Kernel kHammingNeeds;

}  // namespace udl::cuda
