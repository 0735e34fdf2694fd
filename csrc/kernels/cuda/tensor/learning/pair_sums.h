#pragma once
// Sums over a minibatch of visible bits times what hidden units have: bytes of probabilities, or
// bits. The rows are what a product sums over, permuted as layout.h says on both sides.
#include <cstdint>

#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/learning/learn.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// What the gradient counts of hidden units.
enum class Statistics {
  means,     ///< probabilities of 16 bits
  dithered,  ///< the same, rounded to ten bits at an offset of the row (kernels of CPUs,
             ///< ProbabilityRounding)
  samples,   ///< drawn bits
};

/// A warp has 64 visible and 16 hidden units; a block kVisibleWarps x kHiddenWarps of them.
template <int kVisibleWarps_, int kHiddenWarps_>
struct PairShape {
  static constexpr int kVisibleWarps = kVisibleWarps_, kHiddenWarps = kHiddenWarps_;
  static constexpr int kThreads = 32 * kVisibleWarps * kHiddenWarps;
  static constexpr int kVisible = 64 * kVisibleWarps, kHidden = 16 * kHiddenWarps;
};

/// Ten bits of two probabilities of 16 bits side by side: min(1023, (p + offset) >> 6).
UDL_DEVICE uint32_t dither(uint32_t p, uint32_t offsets) {
  constexpr uint32_t kLowest = 0x00010001u, kTen = 0x03FF03FFu, kRest = 0x003F003Fu;
  const uint32_t carry = ((p & kRest) + offsets) >> 6 & kLowest;
  const uint32_t rounded = (p >> 6 & kTen) + carry;
  return rounded - (rounded >> 10 & kLowest);
}

/// Offsets of the eight rows of a word that a thread has, two in a register.
struct DitherOffsets {
  static constexpr int kStep = 37;  ///< from row to row, modulo 64
  uint32_t of_rows[4];

  UDL_DEVICE DitherOffsets(int first_offset, int t) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int row = 2 * t + i / 2 + i % 2 * 16;  // beside row + 8
      of_rows[i] = (first_offset + kStep * row) % 64 | (first_offset + kStep * (row + 8)) % 64
                                                           << 16;
    }
  }
  /// Rows of an odd word are 32 further, and 32 * 37 is 32 modulo 64.
  UDL_DEVICE uint32_t at(int i, int word) const { return of_rows[i] ^ word % 2 * 0x00200020u; }
};

template <class Shape, Statistics kStatistics>
class PairSums {
 public:
  static constexpr bool kSamples = kStatistics == Statistics::samples;
  static constexpr int kBytes = kSamples ? 1 : 2;
  static constexpr int kVisibleBytes = Shape::kVisible * kByteRow;
  /// Of a stage: 128 rows, two bytes each, or their bits.
  static constexpr int kHiddenBytes = Shape::kHidden * (kSamples ? kByteRow : 2 * kChunkUnits);
  static constexpr int kStageBytes = kVisibleBytes + kHiddenBytes;

  /// [16 visible units][8 hidden units][byte][element].
  using Accumulators = int[4][2][kBytes][4];

  UDL_DEVICE PairSums(const LearnArguments& arguments, int first_visible, int first_hidden,
                      uint8_t* shared, int first_offset)
      : s_(arguments),
        first_visible_(first_visible),
        first_hidden_(first_hidden),
        shared_(shared),
        lane_(threadIdx.x % 32),
        of_hidden_(threadIdx.x / 32 % Shape::kHiddenWarps),
        of_visible_(threadIdx.x / 32 / Shape::kHiddenWarps),
        offsets_(first_offset, threadIdx.x % 4) {}

  /// Adds the chains, calls between() once, and adds the data. Phases have so many words of rows.
  template <class Between>
  UDL_DEVICE void run(int data_words, int chain_words, Accumulators& sums, Between&& between) {
    const int of_chains = (chain_words + kChunkWords - 1) / kChunkWords;
    const int n_chunks = of_chains + (data_words + kChunkWords - 1) / kChunkWords;
    for (int c = 0; c < kLearnStages - 1; ++c) {
      if (c < n_chunks) load(c, of_chains);
      commit_copies();
    }
    for (int c = 0; c < n_chunks; ++c) {
      wait_for_copies<kLearnStages - 2>();
      __syncthreads();  // this chunk is there, and the stage of the last one is free
      if (c + kLearnStages - 1 < n_chunks) load(c + kLearnStages - 1, of_chains);
      commit_copies();
      if (c == of_chains) between();
      const int first_word = (c < of_chains ? c : c - of_chains) * kChunkWords;
      const int n_words = min(kChunkWords, (c < of_chains ? chain_words : data_words) - first_word);
      const uint8_t* stage = shared_ + c % kLearnStages * kStageBytes;
#pragma unroll 1
      for (int w = 0; w < n_words; ++w) add_word(stage, w, sums);
    }
    wait_for_copies<0>();
    __syncthreads();  // shared memory is free
  }

 private:
  UDL_DEVICE void load(int c, int of_chains) const {
    const int phase = c < of_chains ? kChains : kData;
    const size_t first_word = (c < of_chains ? c : c - of_chains) * kChunkWords;
    const uint32_t to = shared_address(shared_) + c % kLearnStages * kStageBytes;
#pragma unroll 1
    for (int i = threadIdx.x; i < Shape::kVisible; i += Shape::kThreads)
      copy_async(to + i * kByteRow,
                 s_.visible_bits[phase] + first_word +
                     static_cast<size_t>(min(first_visible_ + i, s_.n_visible - 1)) * s_.row_words);
    if constexpr (kSamples)
      load_bits(phase, first_word, to + kVisibleBytes);
    else
      load_probabilities(phase, first_word, to + kVisibleBytes);
  }

  UDL_DEVICE void load_bits(int phase, size_t first_word, uint32_t to) const {
#pragma unroll 1
    for (int j = threadIdx.x; j < Shape::kHidden; j += Shape::kThreads)
      copy_async(to + j * kByteRow,
                 s_.hidden_bits[phase] + first_word +
                     static_cast<size_t>(min(first_hidden_ + j, s_.n_hidden - 1)) * s_.row_words);
  }

  /// Four words of eight units lie side by side.
  UDL_DEVICE void load_probabilities(int phase, size_t first_word, uint32_t to) const {
    constexpr int kCopies = kChunkWords * 8 * kStateBits * 2 / 16;
    const int last = (s_.n_hidden + kTileUnits - 1) / kTileUnits * 2 - 1;
#pragma unroll 1
    for (int i = threadIdx.x; i < kHiddenBytes / 16; i += Shape::kThreads) {
      const size_t eight = min(first_hidden_ / 8 + i / kCopies, last);
      copy_async(to + i * 16, s_.probabilities[phase] +
                                  (eight * s_.row_words + first_word) * 8 * kStateBits +
                                  i % kCopies * 8);
    }
  }

  UDL_DEVICE void add_word(const uint8_t* stage, int w, Accumulators& sums) const {
    const int g = lane_ / 4, t = lane_ % 4;
    uint32_t b[2][kBytes][2];
#pragma unroll
    for (int n = 0; n < 2; ++n) hidden_bytes(stage + kVisibleBytes, n, w, b[n]);
    const uint32_t* words =
        reinterpret_cast<const uint32_t*>(stage) + (of_visible_ * 64 + g) * kChunkWords + w;
#pragma unroll
    for (int m = 0; m < 4; ++m) {
      uint32_t a[4];
      expand_rows(a, words[m * 16 * kChunkWords], words[(m * 16 + 8) * kChunkWords], t);
#pragma unroll
      for (int n = 0; n < 2; ++n)
#pragma unroll
        for (int byte = 0; byte < kBytes; ++byte)
          multiply_bytes<false>(sums[m][n][byte], a, b[n][byte][0], b[n][byte][1]);
    }
  }

  /// Of eight units: this thread's rows of unit g, the bytes of both registers of a product.
  UDL_DEVICE void hidden_bytes(const uint8_t* hidden, int n, int w,
                               uint32_t (&bytes)[kBytes][2]) const {
    if constexpr (kSamples) {
      const uint32_t word = reinterpret_cast<const uint32_t*>(
          hidden)[(of_hidden_ * 16 + n * 8 + lane_ / 4) * kChunkWords + w];
      bytes[0][0] = expand_bits(word, lane_ % 4);
      bytes[0][1] = expand_bits(word >> 1, lane_ % 4);
    } else {
      const uint4 rows = reinterpret_cast<const uint4*>(
          hidden)[((of_hidden_ * 2 + n) * kChunkWords + w) * 32 + lane_];
      uint32_t p[4] = {rows.x, rows.y, rows.z, rows.w};
      if constexpr (kStatistics == Statistics::dithered) {
#pragma unroll
        for (int i = 0; i < 4; ++i) p[i] = dither(p[i], offsets_.at(i, w));
      }
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        bytes[0][half] = pick_bytes(p[2 * half], p[2 * half + 1], 0x6420);
        bytes[1][half] = pick_bytes(p[2 * half], p[2 * half + 1], 0x7531);
      }
    }
  }

  const LearnArguments& s_;
  const int first_visible_, first_hidden_;
  uint8_t* const shared_;
  const int lane_, of_hidden_, of_visible_;
  const DitherOffsets offsets_;
};

}  // namespace udl::cuda
