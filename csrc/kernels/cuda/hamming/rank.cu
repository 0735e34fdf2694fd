#include "kernels/cuda/hamming/rank.h"

#include "kernels/cuda/hamming/compare.h"

namespace udl::cuda {

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_collect(const __grid_constant__ HammingCollect a) {
  const WarpShare share(a.set);
  if (!share.exists()) return;
  const int32_t query = share.query(), limit = a.limits[query];
  uint64_t* list = a.keys + static_cast<int64_t>(query) * kHammingListRoom;
  share.for_each([&](int32_t distance, int32_t position, bool takes_part) {
    append_hits(takes_part && distance <= limit, hamming_key(distance, position), list,
                a.found + query);
  });
}

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_rank(const __grid_constant__ HammingRank a) {
  __shared__ uint64_t keys[kHammingListRoom];
  const int64_t query = blockIdx.x;
  const uint32_t n = a.found[query];
  if (n > kHammingListRoom) return;
  rank_keys(a.keys + query * a.room, n, a.k, keys, a.nearest + query * a.k);
}

const Kernel kHammingCollect = UDL_KERNEL(udl_hamming_collect);
const Kernel kHammingRank = UDL_KERNEL(udl_hamming_rank);

}  // namespace udl::cuda
