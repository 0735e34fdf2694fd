#pragma once
// Integers of a tile of weights, from shared memory into the images of both directions. Where new
// weights are made their half-norms are added up on the way.
#include <cstdint>

#include "kernels/cuda/layout.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// Sixteen integers of one unit that share a row of a core matrix.
struct RowOfIntegers {
  int values[kByteRow];  ///< in the order of their bytes
  int positive, negative;

  /// Those of `k16` in a chunk of units that are summed over, `stride` apart from unit to unit.
  UDL_DEVICE RowOfIntegers(const int* chunk, int stride, int k16) : positive(0), negative(0) {
#pragma unroll
    for (int i = 0; i < kByteRow; ++i) {
      const int bit = bit_of_byte(k16 % 2 * kByteRow) + bit_of_byte(i);
      const int value = chunk[(k16 / 2 * kStateBits + bit) * stride];
      values[i] = value;
      positive += max(value, 0);
      negative += max(-value, 0);
    }
  }

  UDL_DEVICE uint4 bytes(int slice) const {
    uint32_t out[4];
    const uint32_t selector = slice | (4 + slice) << 4;
#pragma unroll
    for (int q = 0; q < 4; ++q)
      out[q] = pick_bytes(pick_bytes(values[4 * q], values[4 * q + 1], selector),
                          pick_bytes(values[4 * q + 2], values[4 * q + 3], selector), 0x5410);
    return make_uint4(out[0], out[1], out[2], out[3]);
  }
};

/// Where half-norms go.
struct NormSinks {
  unsigned long long* of_units;  ///< [unit][positive, negative], added to; or, if it is null:
  uint32_t* largest;             ///< the largest of 64 aligned units; if that is null too: nowhere
};

/// Half-norms of kRows rows of one unit, in neighbouring lanes; `first` in one of them.
template <int kRows>
UDL_DEVICE void add_norms(const RowOfIntegers& row, bool first, int64_t unit, const NormSinks& to) {
  if (to.of_units != nullptr) {
    const int positive = sum_of_lanes(row.positive, kRows),
              negative = sum_of_lanes(row.negative, kRows);
    if (first && positive > 0) atomicAdd(to.of_units + 2 * unit, positive);
    if (first && negative > 0) atomicAdd(to.of_units + 2 * unit + 1, negative);
  } else if (to.largest != nullptr) {
    constexpr int kBlockRows = 64 / kByteRow;
    const int positive = sum_of_lanes(row.positive, kBlockRows),
              negative = sum_of_lanes(row.negative, kBlockRows);
    const unsigned largest = largest_of_warp(max(positive, negative));
    if (threadIdx.x % 32 == 0) atomicMax(to.largest, largest);
  }
}

/// Images of one direction: `n_units` units that are computed by `n_summed` that are summed over.
struct Images {
  uint8_t* bytes;
  int n_units, n_summed;
  NormSinks norms;
};

/// kUnits x kSummed integers, from `first_unit` and `first_summed` on, multiples of 64: that of
/// unit i and summed unit k is z[i * unit_stride + k * summed_stride]; 0 where there is no unit.
template <int kSlices, int kThreads, int kUnits, int kSummed>
UDL_DEVICE void store_images(const int* z, int unit_stride, int summed_stride, int first_unit,
                             int first_summed, const Images& to) {
  constexpr int kRows = kSummed / kByteRow;
  static_assert(kUnits * kRows % kThreads == 0, "whole warps take part in sums of lanes");
  const int n_chunks = (to.n_summed + kChunkUnits - 1) / kChunkUnits;
#pragma unroll 1
  for (int c = threadIdx.x; c < kUnits * kRows; c += kThreads) {
    const int i = c / kRows, k16 = c % kRows, unit = first_unit + i;
    const RowOfIntegers row(z + i * unit_stride, summed_stride, k16);
    const bool is_there = unit < to.n_units;
    if (is_there) {
      const int64_t image =
          static_cast<int64_t>(unit / kTileUnits) * n_chunks + first_summed / kChunkUnits;
      uint8_t* at = to.bytes + image * image_bytes(kSlices) + unit % kCoreRows * kByteRow;
      const int in_chunk = first_summed % kChunkUnits / kByteRow + k16;
#pragma unroll
      for (int slice = 0; slice < kSlices; ++slice)
        *reinterpret_cast<uint4*>(
            at + core_offset(slice, unit % kTileUnits / kCoreRows, in_chunk)) = row.bytes(slice);
    }
    add_norms<kRows>(row, is_there && k16 == 0, unit, to.norms);
  }
}

}  // namespace udl::cuda
