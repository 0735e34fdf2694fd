#include "kernels/cuda/hamming/count.h"

#include "kernels/cuda/hamming/compare.h"

namespace udl::cuda {
namespace {

/// Counts of one warp in shared memory, added to those of its query at the end.
__device__ void count_in_shared(const WarpShare& share, uint32_t* own, uint32_t* counts,
                                int32_t n_bins) {
  for (int32_t d = lane_of_warp(); d < n_bins; d += 32) own[d] = 0;
  __syncwarp();
  share.for_each([&](int32_t distance, int32_t, bool takes_part) {
    if (takes_part) atomicAdd(own + distance, 1u);
  });
  __syncwarp();
  for (int32_t d = lane_of_warp(); d < n_bins; d += 32) {
    if (own[d] != 0) atomicAdd(counts + d, own[d]);
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_histogram(const __grid_constant__ HammingHistogram a) {
  extern __shared__ uint32_t shared_counts[];
  const WarpShare share(a.set);
  if (!share.exists()) return;
  const int32_t n_bins = a.set.n_bits + 1;
  uint32_t* counts = a.counts + static_cast<int64_t>(share.query()) * n_bins;
  if (n_bins <= kHammingSharedBins) {
    count_in_shared(share, shared_counts + warp_of_block() * n_bins, counts, n_bins);
  } else {
    share.for_each([&](int32_t distance, int32_t, bool takes_part) {
      if (takes_part) atomicAdd(counts + distance, 1u);
    });
  }
}

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_threshold(const __grid_constant__ HammingThreshold a) {
  const int32_t query = static_cast<int32_t>(blockIdx.x) * kHammingWarps + warp_of_block();
  if (query >= a.n_queries) return;
  const uint32_t* counts = a.counts + static_cast<int64_t>(query) * (a.n_bits + 1);
  const LastNeighbour last = last_neighbour(counts, a.n_bits, a.k);
  if (lane_of_warp() != 0) return;
  const bool are_too_many = last.within > a.most;
  a.to.limits[query] = are_too_many ? -1 : last.distance;
  a.to.ties[query] = are_too_many ? 0 : static_cast<int32_t>(last.ties);
}

const Kernel kHammingHistogram = UDL_KERNEL(udl_hamming_histogram);
const Kernel kHammingThreshold = UDL_KERNEL(udl_hamming_threshold);

}  // namespace udl::cuda
