#pragma once
// What Hamming kernels share: distances of rows, and a warp's share of a comparison. Device code.
#include <cstdint>

#include "kernels/cuda/hamming/codes.h"

namespace udl::cuda {

constexpr uint32_t kAllLanes = 0xFFFFFFFFu;

__device__ inline int32_t warp_of_block() { return static_cast<int32_t>(threadIdx.x) / 32; }
__device__ inline int32_t lane_of_warp() { return static_cast<int32_t>(threadIdx.x) % 32; }
__device__ inline uint32_t lanes_below() { return (1u << lane_of_warp()) - 1; }

/// Number of bits in which two rows differ. Rows of 4 words and more are aligned to 16 bytes.
__device__ inline int32_t row_distance(const uint32_t* a, const uint32_t* b, int32_t row_words) {
  if (row_words == 1) return __popc(a[0] ^ b[0]);
  if (row_words == 2) return __popc(a[0] ^ b[0]) + __popc(a[1] ^ b[1]);
  int32_t distance = 0;
  for (int32_t w = 0; w < row_words; w += 4) {
    const uint4 x = *reinterpret_cast<const uint4*>(a + w);
    const uint4 y = *reinterpret_cast<const uint4*>(b + w);
    distance += __popc(x.x ^ y.x) + __popc(x.y ^ y.y) + __popc(x.z ^ y.z) + __popc(x.w ^ y.w);
  }
  return distance;
}

__device__ inline bool is_allowed(const uint32_t* allowed, int32_t position) {
  return allowed == nullptr || (allowed[position / 32] >> (position % 32) & 1u) != 0;
}

/// What one warp compares: a query with a chunk of codes, 32 at a time, a lane a code.
class WarpShare {
 public:
  __device__ explicit WarpShare(const HammingSet& set) : set_(set) {
    const int64_t share = int64_t{blockIdx.x} * kHammingWarps + warp_of_block();
    chunk_ = static_cast<int32_t>(share / set.n_queries);
    query_ = static_cast<int32_t>(share % set.n_queries);
    row_ = set.queries + static_cast<int64_t>(query_) * set.row_words;
    nearest_position_ = set.pairs_from < 0 ? 0 : set.pairs_from + query_ + 1;
  }

  /// False for the warps of the last block that are left over.
  __device__ bool exists() const { return chunk_ < hamming_chunks(set_); }
  __device__ int32_t chunk() const { return chunk_; }
  __device__ int32_t query() const { return query_; }

  /// Calls visit(distance, position, takes_part) for every 32 codes, by all lanes: the first two
  /// mean nothing where the third is false.
  template <class Visit>
  __device__ void for_each(Visit&& visit) const {
    const int64_t first = set_.first_code + int64_t{chunk_} * kHammingChunk * set_.stride;
    const int64_t end = min(first + int64_t{kHammingChunk} * set_.stride, int64_t{set_.n_codes});
    for (int64_t step = first; step < end; step += int64_t{32} * set_.stride) {
      const int64_t at = step + int64_t{lane_of_warp()} * set_.stride;
      const int32_t position = static_cast<int32_t>(at);
      const bool takes_part =
          at < end && position >= nearest_position_ && is_allowed(set_.allowed, position);
      const int32_t distance =
          takes_part ? row_distance(set_.codes + at * set_.row_words, row_, set_.row_words) : 0;
      visit(distance, position, takes_part);
    }
  }

 private:
  const HammingSet& set_;
  const uint32_t* row_;
  int32_t chunk_, query_;
  int32_t nearest_position_;  ///< the first that is compared
};

/// Sum of the values of this lane and all below.
__device__ inline uint32_t sum_up_to_lane(uint32_t value) {
  for (int32_t n = 1; n < 32; n *= 2) {
    const uint32_t below = __shfl_up_sync(kAllLanes, value, n);
    if (lane_of_warp() >= n) value += below;
  }
  return value;
}

/// The distance of the k-th nearest code, by whole warp, from the counts of all distances: 32 at a
/// time, the first lane whose sum of all so far reaches k has it.
struct LastNeighbour {
  int32_t distance;  ///< -1 if there are fewer
  uint32_t ties;     ///< how many at it are among the k
  uint32_t within;   ///< how many lie as near
};
__device__ inline LastNeighbour last_neighbour(const uint32_t* counts, int32_t n_bits, uint32_t k) {
  uint32_t before = 0;
  for (int32_t first = 0; first <= n_bits; first += 32) {
    const int32_t d = first + lane_of_warp();
    const uint32_t here = d <= n_bits ? counts[d] : 0;
    const uint32_t within = before + sum_up_to_lane(here);
    const uint32_t reached = __ballot_sync(kAllLanes, within >= k);
    if (reached != 0) {
      const int32_t lane = __ffs(static_cast<int>(reached)) - 1;
      return {first + lane, k - __shfl_sync(kAllLanes, within - here, lane),
              __shfl_sync(kAllLanes, within, lane)};
    }
    before = __shfl_sync(kAllLanes, within, 31);
  }
  return {-1, 0, 0};
}

/// Appends the key of each lane that has a hit to a list, by whole warp; keys beyond its room are
/// counted only.
__device__ inline void append_hits(bool is_hit, uint64_t key, uint64_t* list, uint32_t* found) {
  const uint32_t hits = __ballot_sync(kAllLanes, is_hit);
  if (hits == 0) return;
  uint32_t slot = 0;
  if (lane_of_warp() == 0) slot = atomicAdd(found, static_cast<uint32_t>(__popc(hits)));
  slot = __shfl_sync(kAllLanes, slot, 0) + __popc(hits & lanes_below());
  if (is_hit && slot < kHammingListRoom) list[slot] = key;
}

/// The k first of n <= kHammingListRoom keys in order, by whole block. A key's place is the number
/// of smaller ones: no two are equal, and for so few keys that costs less than the barriers of a
/// sort. `shared` has room for n keys.
__device__ inline void rank_keys(const uint64_t* keys, uint32_t n, int32_t k, uint64_t* shared,
                                 uint64_t* nearest) {
  for (uint32_t i = threadIdx.x; i < n; i += kHammingThreads) shared[i] = keys[i];
  __syncthreads();
  for (uint32_t i = threadIdx.x; i < n; i += kHammingThreads) {
    const uint64_t key = shared[i];
    int32_t rank = 0;
    for (uint32_t other = 0; other < n; ++other) rank += shared[other] < key ? 1 : 0;
    if (rank < k) nearest[rank] = key;
  }
}

}  // namespace udl::cuda
