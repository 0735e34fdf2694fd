#pragma once
// Device code only: where a thread of a kernel is, and what those of a warp do together.
#include <cstdint>

namespace udl::cuda {

constexpr unsigned kWholeWarp = 0xFFFFFFFFu;

/// Number of this thread among all of a grid of one dimension.
__device__ inline int64_t thread_number() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

/// The bits of all 32 threads of a warp, lowest first, become one word. All of them call it, with
/// one place.
__device__ inline void store_bits(bool bit, uint32_t* to) {
  const uint32_t word = __ballot_sync(kWholeWarp, bit);
  if (threadIdx.x % 32 == 0) *to = word;
}

}  // namespace udl::cuda
