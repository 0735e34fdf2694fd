#pragma once
// Hamming search on a device: codes and queries as its kernels take them, and how these share them.
// Every result is exact, so it is the CPU's.
//
// Codes and queries are rows of `row_words` 32-bit words, bits beyond the width zero. Codes are
// named by their position, which ascends with their id: ties are broken by position. A code found
// is a key, its distance in the upper and its position in the lower 32 bits, so that the order of
// keys is the order of neighbours.
#include <cstdint>

#include "base/macros.h"

namespace udl::cuda {

constexpr int64_t kHammingMostCodes = (int64_t{1} << 31) - (1 << 16);  ///< positions are int32
constexpr int32_t kHammingThreads = 256;  ///< of a block, in every kernel here
constexpr int32_t kHammingWarps = kHammingThreads / 32;
constexpr int32_t kHammingChunk = 1024;  ///< codes that a warp compares with one query
/// Bins of a histogram that lies in shared memory, a copy a warp: 33 KB. Wider codes are counted in
/// device memory.
constexpr int32_t kHammingSharedBins = 1025;
constexpr int32_t kHammingListRoom = 2048;  ///< keys that are put in order on the device

/// Words of a row of n_bytes bytes: 1, 2 or whole groups of 4, which are read at once.
constexpr int32_t hamming_device_words(int64_t n_bytes) {
  return n_bytes <= 4 ? 1 : n_bytes <= 8 ? 2 : static_cast<int32_t>((n_bytes + 15) / 16 * 4);
}
UDL_HD constexpr uint64_t hamming_key(int32_t distance, int32_t position) {
  return static_cast<uint64_t>(distance) << 32 | static_cast<uint32_t>(position);
}
UDL_HD constexpr int32_t key_distance(uint64_t key) { return static_cast<int32_t>(key >> 32); }
UDL_HD constexpr int32_t key_position(uint64_t key) {
  return static_cast<int32_t>(key & 0xFFFFFFFFu);
}

/// What is compared: a block of queries with the codes at the positions first_code, first_code +
/// stride, ... below n_codes.
struct HammingSet {
  const uint32_t* codes;    ///< [position][row_words]
  const uint32_t* queries;  ///< [n_queries][row_words]
  const uint32_t* allowed;  ///< bit p % 32 of word p / 32: position p may be found; null: all may
  int32_t n_codes;
  int32_t n_queries;
  int32_t row_words;
  int32_t n_bits;
  int32_t first_code;
  int32_t stride;
  /// Below 0: queries are compared with all codes. Else query q is code pairs_from + q, and only
  /// codes behind it are compared with it.
  int32_t pairs_from;
};

/// Warps share the pairs of a query and a chunk; those of one chunk follow each other.
UDL_HD constexpr int32_t hamming_chunks(const HammingSet& set) {
  const int64_t n = set.n_codes <= set.first_code
                        ? 0
                        : (int64_t{set.n_codes} - set.first_code + set.stride - 1) / set.stride;
  return static_cast<int32_t>((n + kHammingChunk - 1) / kHammingChunk);
}
/// Blocks of the kernels whose warps each take a query and a chunk.
constexpr int64_t hamming_blocks(const HammingSet& set) {
  return (int64_t{hamming_chunks(set)} * set.n_queries + kHammingWarps - 1) / kHammingWarps;
}
/// Blocks of the kernels whose warps each take a query.
constexpr int64_t hamming_query_blocks(int64_t n_queries) {
  return (n_queries + kHammingWarps - 1) / kHammingWarps;
}

/// How far the codes of each query are taken: all nearer than `limits`, and of those at it the
/// first `ties`.
struct HammingLimits {
  int32_t* limits;  ///< [n_queries]
  int32_t* ties;    ///< [n_queries]
};

}  // namespace udl::cuda
