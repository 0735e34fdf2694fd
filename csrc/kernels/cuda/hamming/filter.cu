// Lists of the codes within each query's limit by products of bits: codes of 129 to 256 bits.
//
// With a the ones that query q and code x share, their distance is |q| + |x| - 2a. It is within a
// limit only if a - ceil(|x| / 2) >= floor((|q| - limit) / 2): the right side is one number a
// query, `need`, and -ceil(|x| / 2) is what the product starts from. Some codes one bit beyond the
// limit pass too; whatever passes is measured.
#include "kernels/cuda/hamming/filter.h"

#include <cuda_pipeline_primitives.h>

#include "kernels/cuda/hamming/compare.h"
#include "kernels/cuda/warp_bits.h"

namespace udl::cuda {
namespace {

constexpr int32_t kWords = kHammingFilterWords;
constexpr int32_t kGroup = 64;   // codes between two looks at whether any may pass
constexpr int32_t kColumns = 8;  // codes of a product
constexpr int32_t kNever = -(1 << 30);

/// Codes come through a ring of stages in shared memory, a tile each: the rows, then a byte for
/// each code. Copies of a stage are under way while others are compared.
class TileRing {
 public:
  __device__ TileRing(const HammingFilter& a, uint8_t* stages) : a_(a), stages_(stages) {
    const int32_t n_tiles = (a.set.n_codes + kHammingTile - 1) / kHammingTile;
    const int32_t step = static_cast<int32_t>(gridDim.x), own = static_cast<int32_t>(blockIdx.x);
    n_tiles_ = own < n_tiles ? (n_tiles - own + step - 1) / step : 0;
    for (int32_t i = 0; i < kHammingStages - 1; ++i) load(i);
  }

  __device__ int32_t n_tiles() const { return n_tiles_; }
  /// Position of the first code of this block's i-th tile.
  __device__ int32_t position(int32_t i) const {
    return static_cast<int32_t>(blockIdx.x + static_cast<uint32_t>(i) * gridDim.x) * kHammingTile;
  }

  /// The i-th tile, there for all threads; that of three tiles later is begun in the place of the
  /// one before, which all have left.
  __device__ const uint8_t* next(int32_t i) {
    __pipeline_wait_prior(kHammingStages - 2);
    __syncthreads();
    load(i + kHammingStages - 1);
    return stages_ + i % kHammingStages * kHammingStageBytes;
  }

 private:
  /// A group of copies for each call, empty behind the last tile: waiting counts groups.
  __device__ void load(int32_t i) {
    constexpr int32_t kRowCopies = kHammingTile * kWords * 4 / 16;
    if (i < n_tiles_) {
      uint8_t* to = stages_ + i % kHammingStages * kHammingStageBytes;
      const auto* rows = reinterpret_cast<const uint8_t*>(
          a_.set.codes + static_cast<int64_t>(position(i)) * kWords);
      const uint8_t* half_ones = a_.half_ones + position(i);
#pragma unroll 1
      for (int32_t c = static_cast<int32_t>(threadIdx.x); c < kHammingStageBytes / 16;
           c += kHammingThreads)
        __pipeline_memcpy_async(
            to + c * 16, c < kRowCopies ? rows + c * 16 : half_ones + (c - kRowCopies) * 16, 16);
    }
    __pipeline_commit();
  }

  const HammingFilter& a_;
  uint8_t* stages_;
  int32_t n_tiles_;
};

/// The queries of a warp: kGroups of 16, as the product wants them.
template <int32_t kGroups>
struct QueryRows {
  uint32_t words[kGroups][4];
  int32_t needs[kGroups][2];  // of rows g and g + 8
  int32_t first;

  __device__ explicit QueryRows(const HammingFilter& a) {
    const int32_t g = lane_of_warp() / 4, t = lane_of_warp() % 4;
    first = (static_cast<int32_t>(blockIdx.y) * kHammingWarps + warp_of_block()) * 16 * kGroups;
#pragma unroll
    for (int32_t m = 0; m < kGroups; ++m) {
#pragma unroll
      for (int32_t half = 0; half < 2; ++half) {
        const int32_t query = first + 16 * m + 8 * half + g;
        // Words 2t and 2t + 1 in place of t and 4 + t, in codes alike: the sum is the same.
        const uint2 pair = *reinterpret_cast<const uint2*>(
            a.set.queries + static_cast<int64_t>(query) * kWords + 2 * t);
        words[m][half] = pair.x;
        words[m][2 + half] = pair.y;
        needs[m][half] = a.needs[query];
      }
    }
  }
};

/// Eight codes as a column each, and what their sums start from.
struct CodeColumns {
  uint2 words;
  int32_t first0, first1;  // of columns 2t and 2t + 1

  __device__ CodeColumns(const uint8_t* stage, int32_t column) {
    words = *(reinterpret_cast<const uint2*>(stage + column * kWords * 4) + lane_of_warp());
    const uint32_t halves = *reinterpret_cast<const uint16_t*>(stage + kHammingTile * kWords * 4 +
                                                               column + lane_of_warp() % 4 * 2);
    first0 = -static_cast<int32_t>(halves & 255u);
    first1 = -static_cast<int32_t>(halves >> 8);
  }
};

/// A code that may be within the limit: measured, and appended if it is.
__device__ void append_measured(const HammingFilter& a, int32_t query, int32_t position) {
  if (position >= a.set.n_codes || !is_allowed(a.set.allowed, position)) return;
  const int32_t distance =
      row_distance(a.set.codes + static_cast<int64_t>(position) * kWords,
                   a.set.queries + static_cast<int64_t>(query) * kWords, kWords);
  if (distance > a.limits[query]) return;
  const uint32_t slot = atomicAdd(a.found + query, 1u);
  if (slot < kHammingListRoom)
    a.keys[static_cast<int64_t>(query) * kHammingListRoom + slot] = hamming_key(distance, position);
}

/// Whether any of kGroup codes may be within the limit of any query of the warp: the largest sums
/// are kept, and looked at once.
template <int32_t kGroups>
__device__ __forceinline__ bool may_pass(const QueryRows<kGroups>& queries, const uint8_t* stage,
                                         int32_t group) {
  int32_t largest[kGroups][2];
#pragma unroll
  for (int32_t m = 0; m < kGroups; ++m) largest[m][0] = largest[m][1] = kNever;
#pragma unroll
  for (int32_t n = 0; n < kGroup / kColumns; ++n) {
    const CodeColumns codes(stage, group + kColumns * n);
#pragma unroll
    for (int32_t m = 0; m < kGroups; ++m) {
      int32_t sums[4];
      count_common_ones(sums, queries.words[m], codes.words.x, codes.words.y, codes.first0,
                        codes.first1);
      largest[m][0] = max(max(largest[m][0], sums[0]), sums[1]);
      largest[m][1] = max(max(largest[m][1], sums[2]), sums[3]);
    }
  }
  bool passes = false;
#pragma unroll
  for (int32_t m = 0; m < kGroups; ++m)
    passes |= largest[m][0] >= queries.needs[m][0] || largest[m][1] >= queries.needs[m][1];
  return __any_sync(kAllLanes, passes);
}

/// The same products once more, each looked at. Loops that stay loops: this is rare, and unrolled
/// it would push what is frequent out of the cache of instructions.
template <int32_t kGroups>
__device__ __forceinline__ void append_group(const HammingFilter& a,
                                             const QueryRows<kGroups>& queries,
                                             const uint8_t* stage, int32_t group,
                                             int32_t tile_position) {
  const int32_t g = lane_of_warp() / 4, t = lane_of_warp() % 4;
#pragma unroll 1
  for (int32_t n = 0; n < kGroup / kColumns; ++n) {
    const CodeColumns codes(stage, group + kColumns * n);
    const int32_t position = tile_position + group + kColumns * n + 2 * t;
#pragma unroll
    for (int32_t m = 0; m < kGroups; ++m) {
      int32_t sums[4];
      count_common_ones(sums, queries.words[m], codes.words.x, codes.words.y, codes.first0,
                        codes.first1);
      if (max(sums[0], sums[1]) < queries.needs[m][0] &&
          max(sums[2], sums[3]) < queries.needs[m][1])
        continue;
#pragma unroll 1
      for (int32_t e = 0; e < 4; ++e) {
        const int32_t sum = e == 0 ? sums[0] : e == 1 ? sums[1] : e == 2 ? sums[2] : sums[3];
        if (sum >= (e < 2 ? queries.needs[m][0] : queries.needs[m][1]))
          append_measured(a, queries.first + 16 * m + 8 * (e / 2) + g, position + e % 2);
      }
    }
    __syncwarp();
  }
}

template <int32_t kGroups>
__device__ __forceinline__ void filter(const HammingFilter& a, uint8_t* stages) {
  const QueryRows<kGroups> queries(a);
  TileRing ring(a, stages);
  for (int32_t i = 0; i < ring.n_tiles(); ++i) {
    const uint8_t* stage = ring.next(i);
#pragma unroll 1
    for (int32_t group = 0; group < kHammingTile; group += kGroup) {
      if (may_pass(queries, stage, group)) append_group(a, queries, stage, group, ring.position(i));
    }
  }
  __pipeline_wait_prior(0);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kHammingThreads, 2)
    udl_hamming_filter_16(const __grid_constant__ HammingFilter a) {
  extern __shared__ __align__(128) uint8_t stages[];
  filter<1>(a, stages);
}

extern "C" __global__ void __launch_bounds__(kHammingThreads, 2)
    udl_hamming_filter_64(const __grid_constant__ HammingFilter a) {
  extern __shared__ __align__(128) uint8_t stages[];
  filter<4>(a, stages);
}

extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_half_ones(const __grid_constant__ HammingHalfOnes a) {
  const int32_t at = a.first + static_cast<int32_t>(blockIdx.x * kHammingThreads + threadIdx.x);
  if (at >= a.end) return;
  const uint32_t* row = a.codes + static_cast<int64_t>(at) * kWords;
  int32_t ones = 0;
  for (int32_t w = 0; w < kWords; ++w) ones += __popc(row[w]);
  a.half_ones[at] = static_cast<uint8_t>((ones + 1) / 2);
}

/// Queries that fill the last block up let nothing pass.
extern "C" __global__ void __launch_bounds__(kHammingThreads)
    udl_hamming_needs(const __grid_constant__ HammingNeeds a) {
  const int32_t query = static_cast<int32_t>(blockIdx.x * kHammingThreads + threadIdx.x);
  if (query >= a.n_padded) return;
  int32_t need = -kNever;
  if (query < a.n_queries) {
    const uint32_t* row = a.queries + static_cast<int64_t>(query) * kWords;
    int32_t ones = 0;
    for (int32_t w = 0; w < kWords; ++w) ones += __popc(row[w]);
    need = (ones - a.limits[query]) >> 1;  // rounded down
  }
  a.needs[query] = need;
}

const Kernel kHammingFilter16 = UDL_KERNEL(udl_hamming_filter_16);
const Kernel kHammingFilter64 = UDL_KERNEL(udl_hamming_filter_64);
const Kernel kHammingHalfOnes = UDL_KERNEL(udl_hamming_half_ones);
const Kernel kHammingNeeds = UDL_KERNEL(udl_hamming_needs);

}  // namespace udl::cuda
