#include "kernels/cuda/hamming/place.h"

#include "kernels/cuda/hamming/compare.h"

namespace udl::cuda {

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_tally(const __grid_constant__ HammingTallies a) {
  const WarpShare share(a.set);
  if (!share.exists()) return;
  const int32_t limit = a.limits[share.query()];
  uint32_t below = 0, at = 0;
  share.for_each([&](int32_t distance, int32_t, bool takes_part) {
    below += __popc(__ballot_sync(kAllLanes, takes_part && distance < limit));
    at += __popc(__ballot_sync(kAllLanes, takes_part && distance == limit));
  });
  if (lane_of_warp() != 0) return;
  const int64_t row = static_cast<int64_t>(share.query()) * (hamming_chunks(a.set) + 1);
  a.tallies[row + share.chunk()] = {below, at};
}

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_offsets(const __grid_constant__ HammingOffsets a) {
  const int32_t query = static_cast<int32_t>(blockIdx.x) * kHammingWarps + warp_of_block();
  if (query >= a.n_queries) return;
  HammingTally* tallies = a.tallies + static_cast<int64_t>(query) * (a.n_chunks + 1);
  HammingTally before = {0, 0};
  for (int32_t first = 0; first < a.n_chunks; first += 32) {
    const int32_t chunk = first + lane_of_warp();
    const HammingTally here = chunk < a.n_chunks ? tallies[chunk] : HammingTally{0, 0};
    const HammingTally within = {before.below + sum_up_to_lane(here.below),
                                 before.at + sum_up_to_lane(here.at)};
    if (chunk < a.n_chunks) tallies[chunk] = {within.below - here.below, within.at - here.at};
    before = {__shfl_sync(kAllLanes, within.below, 31), __shfl_sync(kAllLanes, within.at, 31)};
  }
  if (lane_of_warp() != 0) return;
  tallies[a.n_chunks] = before;
  a.found[query] = before.below + min(before.at, static_cast<uint32_t>(a.from.ties[query]));
}

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_place(const __grid_constant__ HammingPlace a) {
  const WarpShare share(a.set);
  if (!share.exists()) return;
  const int32_t query = share.query(), limit = a.from.limits[query];
  const uint32_t ties = static_cast<uint32_t>(a.from.ties[query]);
  const HammingTally* tally =
      a.tallies + static_cast<int64_t>(query) * (hamming_chunks(a.set) + 1) + share.chunk();
  const uint32_t below = tally[0].below;
  uint32_t at = tally[0].at;  // codes at the limit so far, taken or not
  if (tally[1].below == below && (tally[1].at == at || at >= ties)) return;
  uint64_t* next = a.keys + a.starts[query] + below + min(at, ties);
  share.for_each([&](int32_t distance, int32_t position, bool takes_part) {
    const bool is_tie = takes_part && distance == limit;
    const uint32_t all_ties = __ballot_sync(kAllLanes, is_tie);
    const bool is_taken = (takes_part && distance < limit) ||
                          (is_tie && at + __popc(all_ties & lanes_below()) < ties);
    const uint32_t all_taken = __ballot_sync(kAllLanes, is_taken);
    if (is_taken) next[__popc(all_taken & lanes_below())] = hamming_key(distance, position);
    next += __popc(all_taken);
    at += __popc(all_ties);
  });
}

const Kernel kHammingTally = UDL_KERNEL(udl_hamming_tally);
const Kernel kHammingOffsets = UDL_KERNEL(udl_hamming_offsets);
const Kernel kHammingPlace = UDL_KERNEL(udl_hamming_place);

}  // namespace udl::cuda
