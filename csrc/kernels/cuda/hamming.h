#pragma once
// Hamming search on a device: what its kernels take and where each of them is. Every result is
// exact, so it is the CPU's.
//
// Codes and queries are rows of `row_words` 32-bit words, bits beyond the width zero. Codes are
// named by their position, which ascends with their id: ties are broken by position. A code found
// is a key, its distance in the upper and its position in the lower 32 bits, so that the order of
// keys is the order of neighbours.
#include <cstdint>

#include "base/macros.h"
#include "kernels/cuda/kernel.h"

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

/// counts[q][d] += number of codes at distance d of query q, d = 0 .. n_bits.
/// A block for hamming_blocks(set); hamming_histogram_shared(n_bits) bytes of shared memory.
struct HammingHistogram {
  HammingSet set;
  uint32_t* counts;
};
constexpr int64_t hamming_histogram_shared(int32_t n_bits) {
  return n_bits + 1 <= kHammingSharedBins ? int64_t{kHammingWarps} * (n_bits + 1) * 4 : 0;
}
extern const Kernel kHammingHistogram;

/// How far the codes of each query are taken: all nearer than `limits`, and of those at it the
/// first `ties`.
struct HammingLimits {
  int32_t* limits;  ///< [n_queries]
  int32_t* ties;    ///< [n_queries]
};

/// Limits for the k >= 1 nearest of each query, from histograms; -1, within which is nothing, where
/// there are fewer or where more than `most` codes are as near. A warp a query.
struct HammingThreshold {
  const uint32_t* counts;  ///< [n_queries][n_bits + 1]
  HammingLimits to;
  int32_t n_queries;
  int32_t n_bits;
  uint32_t k;
  uint32_t most;
};
extern const Kernel kHammingThreshold;

/// Codes of a chunk that lie below a query's limit, and at it.
struct HammingTally {
  uint32_t below;
  uint32_t at;
};

/// tallies[q][chunk]: a row has hamming_chunks(set) + 1 of them; the last is left alone. A block
/// for hamming_blocks(set).
struct HammingTallies {
  HammingSet set;
  const int32_t* limits;
  HammingTally* tallies;
};
extern const Kernel kHammingTally;

/// Turns each row of tallies into the sums of all before, the last being the sum of the row, and
/// found[q] into the number of codes taken. A warp a query.
struct HammingOffsets {
  HammingTally* tallies;
  HammingLimits from;
  uint32_t* found;
  int32_t n_queries;
  int32_t n_chunks;
};
extern const Kernel kHammingOffsets;

/// keys[starts[q] ...]: the codes taken, in the order of positions. `tallies` as hamming_offsets
/// leaves them. A block for hamming_blocks(set).
struct HammingPlace {
  HammingSet set;
  HammingLimits from;
  const HammingTally* tallies;
  const int64_t* starts;
  uint64_t* keys;
};
extern const Kernel kHammingPlace;

/// nearest[q * k + r]: the r-th smallest of the found[q] <= kHammingListRoom keys from keys[q *
/// room] on, for r < k; what is not there is left alone, and so are queries with more keys. A block
/// a query.
struct HammingRank {
  const uint64_t* keys;
  const uint32_t* found;
  uint64_t* nearest;
  int32_t room;  ///< from the keys of one query to those of the next
  int32_t k;
};
extern const Kernel kHammingRank;

/// Appends the keys of all codes within the limit of each query to its list, in any order. found[q]
/// counts them, also those beyond the room of a list, which are not written. A block for
/// hamming_blocks(set).
struct HammingCollect {
  HammingSet set;
  const int32_t* limits;
  uint64_t* keys;  ///< [n_queries][kHammingListRoom]
  uint32_t* found;
};
extern const Kernel kHammingCollect;

// For few queries a scan writes all distances down, and a second kernel selects.

/// distances[q * n_codes + p]: of query q and position p, kHammingNoCode where p may not be found;
/// and counts as of HammingHistogram. Codes of less than kHammingSharedBins bits; stride 1. A block
/// for hamming_scan_blocks(set.n_codes), one after the other, of each query.
struct HammingScanAll {
  HammingSet set;
  uint16_t* distances;
  uint32_t* counts;
};
extern const Kernel kHammingScanAll;

/// The k nearest of each query in order in nearest[q * k ...], if found[q] <= kHammingListRoom
/// codes lie within the distance of the last of them; nothing otherwise. `found` and `tickets`
/// start with zeros, and `tickets` end with any number. A block for hamming_scan_blocks(n_codes) of
/// each query.
struct HammingSelect {
  const uint16_t* distances;
  const uint32_t* counts;
  uint64_t* keys;     ///< [n_queries][kHammingListRoom]
  uint32_t* found;    ///< [n_queries]
  uint32_t* tickets;  ///< [n_queries]
  uint64_t* nearest;  ///< [n_queries][k]
  int32_t n_codes;
  int32_t n_queries;
  int32_t n_bits;
  int32_t k;
};
extern const Kernel kHammingSelect;

constexpr uint16_t kHammingNoCode = 0xFFFF;
constexpr int32_t kHammingScanned = 16 * kHammingThreads;  ///< codes of a block
UDL_HD constexpr int32_t hamming_scan_blocks(int32_t n_codes) {
  return static_cast<int32_t>((int64_t{n_codes} + kHammingScanned - 1) / kHammingScanned);
}

}  // namespace udl::cuda
