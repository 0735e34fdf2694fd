#pragma once
// Contract of the Hamming kernels of one CPU target. Runtime code calls them through a table; no kernel
// knows threads, allocates, or looks at Python. Every result is exact, so it is the same on every target.
//
// A code is `n_words` 64-bit words; bits beyond its width are zero in codes and in queries.
// Row-major codes: word w of code c is codes[c * n_words + w].
// A packed tile holds groups of 8 codes, word by word, so that 8 codes lie in the lanes of a vector:
// word w of code c is tile[(c / 8) * 8 * n_words + 8 * w + c % 8]. Tiles are filled with zero codes up
// to a multiple of 64.
#include <cstdint>

namespace udl {

constexpr int64_t kHammingGroup = 8;        ///< codes side by side in a packed tile
constexpr int64_t kHammingBlock = 64;       ///< codes under one word of a bitmap; tiles are padded to it
constexpr int64_t kHammingMaxTile = 2048;   ///< most codes a scan takes at once

/// What a scan found, in the order of the codes: at most kHammingMaxTile entries.
struct HammingHits {
  uint16_t positions[kHammingMaxTile];  ///< counted from the first code of the scan
  int32_t distances[kHammingMaxTile];
};

/// One query against at most kHammingMaxTile codes.
struct HammingScan {
  const uint64_t* query;    ///< n_words words
  const uint64_t* codes;    ///< row-major or a packed tile, as the kernel says
  int64_t n_codes;
  int64_t n_words;
  int32_t threshold;        ///< hits have distance <= threshold; below 0 nothing is hit
  const uint64_t* allowed;  ///< bit c % 64 of word c / 64: code c may be a hit; null: all may
};

struct HammingKernels {
  const char* target;

  /// out[c] = number of bits in which the query and row-major code c differ.
  void (*distances)(const uint64_t* query, const uint64_t* codes, int64_t n_codes, int64_t n_words, int32_t* out);

  /// Row-major codes to a packed tile of round_up(n_codes, 64) * n_words words.
  void (*pack_tile)(const uint64_t* codes, int64_t n_codes, int64_t n_words, uint64_t* tile);

  /// Hits among row-major codes: for one or few queries, where packing would cost more than it saves.
  /// Returns their number.
  int64_t (*scan_rows)(const HammingScan& scan, HammingHits& hits);

  /// Hits in a packed tile, which many queries share. Returns their number.
  int64_t (*scan_tile)(const HammingScan& scan, HammingHits& hits);
};

extern const HammingKernels hamming_kernels_baseline;
extern const HammingKernels hamming_kernels_avx2;
extern const HammingKernels hamming_kernels_avx512;

}  // namespace udl
