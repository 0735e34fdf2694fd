#pragma once
// Where tensor-core kernels keep bits, integers and probabilities: pure functions, the same on host
// and device. All follow from one choice: thread t of a quad expands bits 2t, 2t + 8, 2t + 16 and
// 2t + 24 of a word of states to bytes with one shift and one mask, and bits 2t + 1, ... with the
// next shift. So the units that a product sums over are permuted inside each 32, and whatever meets
// the states is stored with the same permutation; nothing is shuffled where it is read.
#include <cstdint>

#include "base/macros.h"
#include "base/view.h"

namespace udl::cuda {

constexpr int kStateBits = 32;    ///< bits of a word of states on a device
constexpr int kChunkWords = 4;    ///< words that one asynchronous copy of 16 bytes brings
constexpr int kChunkUnits = 128;  ///< units that they hold
constexpr int kByteRow = 16;      ///< bytes of a row of a core matrix
constexpr int kCoreRows = 8;      ///< its rows
constexpr int kCoreBytes = 128;

/// Words of a row of states, or of a unit's rows: whole chunks.
UDL_HD constexpr int64_t state_stride(int64_t n) {
  return round_up(divide_up(n, kStateBits), kChunkWords);
}

/// Where bit b of a word lies among the 32 bytes that a product takes for it: first the bytes of
/// the first registers of the four threads of a quad, then those of the second.
UDL_HD constexpr int byte_of_bit(int b) { return 16 * (b % 2) + 4 * (b % 8 / 2) + b / 8; }

/// Its inverse.
UDL_HD constexpr int bit_of_byte(int position) {
  return position / 16 + 2 * (position % 16 / 4) + 8 * (position % 4);
}

// Weights as integers of `n_slices` bytes, the highest signed, in images of 16 units that are
// computed times 128 units that are summed over: [slice][8 units][k16][unit][16 bytes], so that
// eight rows of 16 bytes are a core matrix of ldmatrix. Images of a direction follow each other by
// tile of units, then by chunk of 128.
UDL_HD constexpr int image_bytes(int n_slices) { return n_slices * kTileUnits * kChunkUnits; }

/// Of core matrix (slice, n8, k16) in its image: n8 is 0 or 1, k16 is 0 .. 7.
UDL_HD constexpr int core_offset(int slice, int n8, int k16) {
  return ((slice * 2 + n8) * kCoreRows + k16) * kCoreBytes;
}

/// Bytes of all images of one direction.
UDL_HD constexpr int64_t images_bytes(int n_slices, int64_t n_units, int64_t n_summed) {
  return divide_up(n_units, kTileUnits) * divide_up(n_summed, kChunkUnits) * image_bytes(n_slices);
}

/// Where byte `slice` of the weight between a unit and one that is summed over lies.
UDL_HD constexpr int64_t slice_offset(int n_slices, int64_t n_summed, int64_t unit, int64_t summed,
                                      int slice) {
  const int64_t n_chunks = divide_up(n_summed, kChunkUnits);
  const int64_t image = unit / kTileUnits * n_chunks + summed / kChunkUnits;
  const int in_chunk = static_cast<int>(summed % kChunkUnits);
  const int position = byte_of_bit(in_chunk % kStateBits);
  const int k16 = in_chunk / kStateBits * 2 + position / kByteRow;
  const int in_tile = static_cast<int>(unit % kTileUnits);
  return image * image_bytes(n_slices) + core_offset(slice, in_tile / kCoreRows, k16) +
         in_tile % kCoreRows * kByteRow + position % kByteRow;
}

// Probabilities of hidden units as 16-bit integers: [8 units][word of 32 rows][unit][32 rows], rows
// permuted so that a thread of a sampler stores two neighbours at once, and a thread of a gradient
// finds the bytes of both its registers in 16 bytes.
UDL_HD constexpr int probability_place(int row_of_word) {
  return 4 * (row_of_word % 8) + row_of_word / 8;
}

/// Element of a unit's probability in a row of the minibatch; `n_words` as state_stride counts.
UDL_HD constexpr int64_t probability_offset(int64_t n_words, int64_t unit, int64_t row) {
  return ((unit / 8 * n_words + row / kStateBits) * 8 + unit % 8) * kStateBits +
         probability_place(static_cast<int>(row % kStateBits));
}

/// Elements of all.
UDL_HD constexpr int64_t probabilities_size(int64_t n_words, int64_t n_units) {
  return divide_up(n_units, kTileUnits) * 2 * n_words * 8 * kStateBits;
}

/// The unit of a tile of 16 whose sum, of four that thread t of a quad has of a row, is the k-th:
/// those that take the four draws of block 4 tile + t (base/sampling.h).
UDL_HD constexpr int accumulator_unit(int t, int k) { return 2 * t + k % 2 + k / 2 * 8; }

}  // namespace udl::cuda
