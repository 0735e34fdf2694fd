#pragma once
// Bits times integer weights of a few bytes each: sums of a tile of rows and units, in the
// accumulators of a block's warps. A ring of stages in shared memory hides the way from memory.
#include <cstdint>

#include "kernels/cuda/layout.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// A block has kRowWarps x kUnitWarps places of 16 kRowTiles rows and 16 units, and in each place
/// kSumWarps warps that share the words of the sum.
template <int kRowTiles_, int kRowWarps_, int kUnitWarps_, int kSumWarps_, int kBlocks_>
struct ProductShape {
  static constexpr int kRowTiles = kRowTiles_, kRowWarps = kRowWarps_, kUnitWarps = kUnitWarps_,
                       kSumWarps = kSumWarps_;
  static constexpr int kBlocks = kBlocks_;  ///< that a multiprocessor holds at once
  static constexpr int kThreads = 32 * kRowWarps * kUnitWarps * kSumWarps;
  static constexpr int kWarpRows = 16 * kRowTiles, kRows = kWarpRows * kRowWarps;
  static constexpr int kStages = 3;
};

/// Which part of the tile a warp computes.
template <class Shape>
struct WarpPlace {
  int lane, g, t, of_sum, of_units, of_rows;

  UDL_DEVICE WarpPlace() {
    const int warp = threadIdx.x / 32;
    lane = threadIdx.x % 32;
    g = lane / 4;
    t = lane % 4;
    of_sum = warp % Shape::kSumWarps;
    of_units = warp / Shape::kSumWarps % Shape::kUnitWarps;
    of_rows = warp / Shape::kSumWarps / Shape::kUnitWarps;
  }
};

struct ProductInput {
  const uint32_t* states;
  int stride;  ///< words of a row of states
  const uint8_t* images;
  int n_words, n_rows, n_tiles;  ///< words of the sum; rows; tiles of units in all
};

template <class Shape, int kSlices>
class BitProduct {
 public:
  static constexpr int kImage = image_bytes(kSlices);
  static constexpr int kStateBytes = Shape::kRows * kByteRow;
  static constexpr int kStageBytes = kStateBytes + kImage * Shape::kUnitWarps;

  /// Sums of 16 rows (0, 1: row g; 2, 3: row g + 8) and 8 units.
  using Sums = int[Shape::kRowTiles][2][4];

  UDL_DEVICE BitProduct(const ProductInput& input, int first_row, int first_tile, uint8_t* shared)
      : in_(input), first_row_(first_row), first_tile_(first_tile), shared_(shared) {}

  /// Whole sums in the warps whose place.of_sum is 0; shared memory is free afterwards for them.
  UDL_DEVICE void run(const WarpPlace<Shape>& place, Sums& sums) {
    int slices[Shape::kRowTiles][2][kSlices][4] = {};
    add_chunks(place, slices);
#pragma unroll
    for (int m = 0; m < Shape::kRowTiles; ++m)
#pragma unroll
      for (int n = 0; n < 2; ++n)
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          // Without sign: parts may pass 2^31 where the sum does not.
          uint32_t sum = slices[m][n][kSlices - 1][e];
#pragma unroll
          for (int slice = kSlices - 2; slice >= 0; --slice)
            sum = sum * 256 + static_cast<uint32_t>(slices[m][n][slice][e]);
          sums[m][n][e] = static_cast<int>(sum);
        }
    if constexpr (Shape::kSumWarps > 1) join_parts(place, sums);
  }

 private:
  UDL_DEVICE void load(int chunk) const {
    const uint32_t to = shared_address(shared_) + chunk % Shape::kStages * kStageBytes;
#pragma unroll 1
    for (int c = threadIdx.x; c < Shape::kRows; c += Shape::kThreads) {
      const int row = min(first_row_ + c, in_.n_rows - 1);
      copy_async(to + c * kByteRow,
                 in_.states + static_cast<size_t>(row) * in_.stride + chunk * kChunkWords);
    }
    const int n_chunks = (in_.n_words + kChunkWords - 1) / kChunkWords;
    // Unrolled, its addresses would be kept in registers, and others spilled.
#pragma unroll 1
    for (int c = threadIdx.x; c < kImage * Shape::kUnitWarps / kByteRow; c += Shape::kThreads) {
      const int tile = min(first_tile_ + c / (kImage / kByteRow), in_.n_tiles - 1);
      copy_async(to + kStateBytes + c * kByteRow,
                 in_.images + (static_cast<size_t>(tile) * n_chunks + chunk) * kImage +
                     c % (kImage / kByteRow) * kByteRow);
    }
  }

  UDL_DEVICE void add_chunks(const WarpPlace<Shape>& place,
                             int (&slices)[Shape::kRowTiles][2][kSlices][4]) const {
    const int n_chunks = (in_.n_words + kChunkWords - 1) / kChunkWords;
    for (int c = 0; c < Shape::kStages - 1; ++c) {
      if (c < n_chunks) load(c);
      commit_copies();
    }
    for (int chunk = 0; chunk < n_chunks; ++chunk) {
      wait_for_copies<Shape::kStages - 2>();
      __syncthreads();  // this chunk is there, and the stage of the last one is free
      if (chunk + Shape::kStages - 1 < n_chunks) load(chunk + Shape::kStages - 1);
      commit_copies();
      const uint8_t* stage = shared_ + chunk % Shape::kStages * kStageBytes;
#pragma unroll 1
      for (int w = place.of_sum; w < kChunkWords; w += Shape::kSumWarps)
        if (chunk * kChunkWords + w < in_.n_words) add_word(place, stage, w, slices);
    }
    wait_for_copies<0>();
  }

  UDL_DEVICE static void add_word(const WarpPlace<Shape>& place, const uint8_t* stage, int w,
                                  int (&slices)[Shape::kRowTiles][2][kSlices][4]) {
    const uint32_t image = shared_address(stage) + kStateBytes + place.of_units * kImage;
    uint32_t b[kSlices][4];
#pragma unroll
    for (int slice = 0; slice < kSlices; ++slice)
      load_matrices(b[slice], image +
                                  core_offset(slice, place.lane / 16, 2 * w + place.lane / 8 % 2) +
                                  place.lane % 8 * kByteRow);
    const uint32_t* words = reinterpret_cast<const uint32_t*>(stage) +
                            (place.of_rows * Shape::kWarpRows + place.g) * kChunkWords + w;
#pragma unroll
    for (int m = 0; m < Shape::kRowTiles; ++m) {
      uint32_t a[4];
      expand_rows(a, words[m * 16 * kChunkWords], words[(m * 16 + 8) * kChunkWords], place.t);
#pragma unroll
      for (int n = 0; n < 2; ++n)
#pragma unroll
        for (int slice = 0; slice < kSlices; ++slice) {
          if (slice == kSlices - 1)
            multiply_bytes<true>(slices[m][n][slice], a, b[slice][2 * n], b[slice][2 * n + 1]);
          else
            multiply_bytes<false>(slices[m][n][slice], a, b[slice][2 * n], b[slice][2 * n + 1]);
        }
    }
  }

  /// The parts of a place's sum meet in shared memory.
  UDL_DEVICE void join_parts(const WarpPlace<Shape>& place, Sums& sums) const {
    constexpr int kNumbers = Shape::kRowTiles * 8, kParts = Shape::kSumWarps - 1;
    int* parts = reinterpret_cast<int*>(shared_) +
                 (place.of_rows * Shape::kUnitWarps + place.of_units) * kParts * kNumbers * 32 +
                 place.lane;
    __syncthreads();
    if (place.of_sum > 0) {
#pragma unroll
      for (int i = 0; i < kNumbers; ++i)
        parts[((place.of_sum - 1) * kNumbers + i) * 32] = sums[i / 8][i / 4 % 2][i % 4];
    }
    __syncthreads();
    if (place.of_sum > 0) return;
#pragma unroll
    for (int p = 0; p < kParts; ++p)
#pragma unroll
      for (int i = 0; i < kNumbers; ++i)
        sums[i / 8][i / 4 % 2][i % 4] += parts[(p * kNumbers + i) * 32];
  }

  const ProductInput in_;
  const int first_row_, first_tile_;
  uint8_t* const shared_;
};

}  // namespace udl::cuda
