#pragma once
// Contract of the Hamming kernels of one CPU target. Runtime code calls them through a table; no
// kernel knows threads, allocates, or looks at Python. Every result is exact, so it is the same on
// every target.
//
// A code is `n_words` 64-bit words; bits beyond its width are zero in codes and in queries.
// Row-major codes: word w of code c is codes[c * n_words + w].
// A sliced tile holds `tile_codes` codes bit by bit, so that logic on a plane works on one bit of
// all of them. Bit c of plane b is bit b of code c. A tile is hamming_tile_planes(n_words, n_bits)
// planes: one for each bit of a word, a zero plane, and the planes of a sum (cpu/hamming/planes.h);
// a plane is tile_codes / 64 <= 8 words, and a tile is aligned to a plane.
#include <cstdint>

namespace udl {

constexpr int64_t kHammingBlock = 64;      ///< codes under one word of a bitmap
constexpr int64_t kHammingMaxTile = 2048;  ///< most codes a scan takes at once
constexpr int64_t kHammingListStep = 16;   ///< lists of planes are padded to it with the zero plane
constexpr int32_t kHammingMaxTileBits =
    8064;  ///< widest codes of a sliced tile: offsets of planes fit 16 bits
constexpr int kHammingMaxSumPlanes = 15;

/// Planes that hold numbers up to 3 n_bits + 1, in one of four sizes.
constexpr int hamming_sum_planes(int32_t n_bits) {
  return n_bits <= 84 ? 8 : n_bits <= 340 ? 10 : n_bits <= 1364 ? 12 : kHammingMaxSumPlanes;
}
constexpr int64_t hamming_tile_planes(int64_t n_words, int32_t n_bits) {
  return 64 * n_words + 1 + hamming_sum_planes(n_bits);
}

/// What a scan found, in the order of the codes: at most kHammingMaxTile entries.
struct HammingHits {
  uint16_t positions[kHammingMaxTile];  ///< counted from the first code of the scan
  int32_t distances[kHammingMaxTile];
};

/// One query against at most kHammingMaxTile row-major codes.
struct HammingScan {
  const uint64_t* query;  ///< n_words words
  const uint64_t* codes;
  int64_t n_codes;
  int64_t n_words;
  int32_t threshold;        ///< hits have distance <= threshold; below 0 nothing is hit
  const uint64_t* allowed;  ///< bit c % 64 of word c / 64: code c may be a hit; null: all may
};

/// A query for sliced tiles. Let q be the query, or its complement if that has fewer ones: then
/// flip is all ones. Codes within the limit are those with |code| - 2 |code & q| <= bound, or not
/// those if flipped.
struct HammingTileQuery {
  const uint16_t*
      offsets;        ///< where the planes of the ones of q start, in words from the tile's start
  int64_t n_offsets;  ///< a multiple of kHammingListStep
  uint64_t flip;      ///< 0 or all ones
  uint64_t
      limit_planes[kHammingMaxSumPlanes];  ///< bits of bound + n_bits >= 0, each as 0 or all ones
};

struct HammingTileScan {
  const uint64_t* tile;
  int64_t n_words;
  int32_t n_bits;
  const HammingTileQuery* queries;
  int64_t n_queries;
  const uint64_t*
      allowed;  ///< tile_codes bits, aligned like a plane: codes that exist and may be found
};

struct HammingKernels {
  const char* target;
  int64_t tile_codes;  ///< codes of a sliced tile: 64, 128, 256 or 512

  /// out[c] = number of bits in which the query and row-major code c differ.
  void (*distances)(const uint64_t* query, const uint64_t* codes, int64_t n_codes, int64_t n_words,
                    int32_t* out);

  /// Hits among row-major codes: for one or few queries. Returns their number.
  int64_t (*scan_rows)(const HammingScan& scan, HammingHits& hits);

  /// Hits are the codes of the bitmap scan.allowed (not null), whatever their distance. Returns
  /// their number.
  int64_t (*measure)(const HammingScan& scan, HammingHits& hits);

  /// Row-major codes to a sliced tile; codes from n_codes <= tile_codes on are zero.
  void (*slice_tile)(const uint64_t* codes, int64_t n_codes, int64_t n_words, int32_t n_bits,
                     uint64_t* tile);

  /// Codes of a sliced tile within the limits of the queries. Query found[i] reaches the codes of
  /// plane i of `masks`; found ascends, and queries that reach none are left out. Both have room
  /// for all queries. Returns the number of queries found. Work: half of n_bits planes a query at
  /// most.
  int64_t (*scan_tile)(const HammingTileScan& scan, uint32_t* found, uint64_t* masks);
};

extern const HammingKernels hamming_kernels_baseline;
extern const HammingKernels hamming_kernels_avx2;
extern const HammingKernels hamming_kernels_avx512;

}  // namespace udl
