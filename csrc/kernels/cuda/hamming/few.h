#pragma once
// Few queries: a scan that writes all distances down, and one kernel that selects.
#include <cstdint>

#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/kernel.h"

namespace udl::cuda {

constexpr uint16_t kHammingNoCode = 0xFFFF;
constexpr int32_t kHammingScanned = 16 * kHammingThreads;  ///< codes of a block
UDL_HD constexpr int32_t hamming_scan_blocks(int32_t n_codes) {
  return static_cast<int32_t>((int64_t{n_codes} + kHammingScanned - 1) / kHammingScanned);
}

/// distances[q * n_codes + p]: of query q and position p, kHammingNoCode where p may not be found;
/// and counts as of HammingHistogram. Codes of less than kHammingSharedBins bits; stride 1. A block
/// for hamming_scan_blocks(set.n_codes), one after the other, of each query.
struct HammingScanAll {
  HammingSet set;
  uint16_t* distances;
  uint32_t* counts;
};
extern const Kernel kHammingScanAll;

/// The k nearest of each query in order in nearest[q * k ...], if found[q] <= kHammingListRoom
/// codes lie within the distance of the last of them; nothing otherwise. `found` and `tickets`
/// start with zeros, and `tickets` end with any number. A block for hamming_scan_blocks(n_codes) of
/// each query.
struct HammingSelect {
  const uint16_t* distances;
  const uint32_t* counts;
  uint64_t* keys;     ///< [n_queries][kHammingListRoom]
  uint32_t* found;    ///< [n_queries]
  uint32_t* tickets;  ///< [n_queries]
  uint64_t* nearest;  ///< [n_queries][k]
  int32_t n_codes;
  int32_t n_queries;
  int32_t n_bits;
  int32_t k;
};
extern const Kernel kHammingSelect;

}  // namespace udl::cuda
