#include "kernels/cuda/hamming/few.h"

#include "kernels/cuda/hamming/compare.h"

namespace udl::cuda {
namespace {

/// Blocks of a query follow each other.
struct BlockShare {
  int32_t query, first, end;

  __device__ explicit BlockShare(int32_t n_codes) {
    const int32_t n_blocks = hamming_scan_blocks(n_codes);
    const int32_t block = static_cast<int32_t>(blockIdx.x);
    query = block / n_blocks;
    first = block % n_blocks * kHammingScanned;
    end = min(first + kHammingScanned, n_codes);
  }
};

}  // namespace

/// A copy of the histogram for each warp: most codes lie at few distances.
extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_scan_all(const __grid_constant__ HammingScanAll a) {
  extern __shared__ uint32_t shared_counts[];
  const BlockShare share(a.set.n_codes);
  const int32_t n_bins = a.set.n_bits + 1;
  uint32_t* own = shared_counts + warp_of_block() * n_bins;
  for (int32_t d = lane_of_warp(); d < n_bins; d += 32) own[d] = 0;
  __syncwarp();
  const uint32_t* query = a.set.queries + static_cast<int64_t>(share.query) * a.set.row_words;
  uint16_t* distances = a.distances + static_cast<int64_t>(share.query) * a.set.n_codes;
  for (int32_t p = share.first + static_cast<int32_t>(threadIdx.x); p < share.end;
       p += kHammingThreads) {
    uint16_t written = kHammingNoCode;
    if (is_allowed(a.set.allowed, p)) {
      const uint32_t* code = a.set.codes + static_cast<int64_t>(p) * a.set.row_words;
      const int32_t distance = row_distance(code, query, a.set.row_words);
      written = static_cast<uint16_t>(distance);
      atomicAdd(own + distance, 1u);
    }
    distances[p] = written;
  }
  __syncthreads();
  uint32_t* counts = a.counts + static_cast<int64_t>(share.query) * n_bins;
  for (int32_t d = static_cast<int32_t>(threadIdx.x); d < n_bins; d += kHammingThreads) {
    uint32_t sum = 0;
    for (int32_t warp = 0; warp < kHammingWarps; ++warp) sum += shared_counts[warp * n_bins + d];
    if (sum != 0) atomicAdd(counts + d, sum);
  }
}

/// Every block appends its codes within the limit; the last of a query to come here finds the
/// list whole and puts it in order.
extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_select(const __grid_constant__ HammingSelect a) {
  __shared__ uint64_t keys[kHammingListRoom];
  __shared__ int32_t limit;
  __shared__ bool is_last;
  __shared__ uint32_t n_listed;
  const BlockShare share(a.n_codes);
  if (warp_of_block() == 0) {
    const uint32_t* counts = a.counts + static_cast<int64_t>(share.query) * (a.n_bits + 1);
    const LastNeighbour last = last_neighbour(counts, a.n_bits, static_cast<uint32_t>(a.k));
    if (lane_of_warp() == 0) limit = last.distance;
  }
  __syncthreads();
  uint64_t* list = a.keys + static_cast<int64_t>(share.query) * kHammingListRoom;
  const uint16_t* distances = a.distances + static_cast<int64_t>(share.query) * a.n_codes;
  for (int32_t first = share.first; first < share.end; first += kHammingThreads) {
    const int32_t p = first + static_cast<int32_t>(threadIdx.x);
    const int32_t distance = p < share.end ? distances[p] : kHammingNoCode;
    append_hits(distance <= limit, hamming_key(distance, p), list, a.found + share.query);
  }
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    const uint32_t n_blocks = static_cast<uint32_t>(hamming_scan_blocks(a.n_codes));
    is_last = atomicAdd(a.tickets + share.query, 1u) == n_blocks - 1;
    n_listed = atomicAdd(a.found + share.query, 0u);  // all of them, in the last block
  }
  __syncthreads();
  if (!is_last || n_listed > kHammingListRoom) return;
  __threadfence();
  rank_keys(list, n_listed, a.k, keys, a.nearest + static_cast<int64_t>(share.query) * a.k);
}

const Kernel kHammingScanAll = UDL_KERNEL(udl_hamming_scan_all);
const Kernel kHammingSelect = UDL_KERNEL(udl_hamming_select);

}  // namespace udl::cuda
