#pragma once
// Passes over codes: tiles outside, queries inside, so that a tile is read once for all queries.
#include <algorithm>
#include <cstdint>

#include "base/bits.h"
#include "base/view.h"
#include "kernels/hamming.h"
#include "runtime/dispatch/target.h"
#include "runtime/hamming/codes.h"
#include "runtime/hamming/rows.h"
#include "runtime/hamming/tile_queries.h"
#include "runtime/memory/buffer.h"
#include "runtime/threads/parallel.h"

namespace udl {

constexpr int64_t kHammingQueryBlock =
    512;  ///< queries that share a pass; their lists of planes stay in a second-level cache

/// Contiguous parts of n items; borders are multiples of `step`.
struct Shares {
  int64_t n, count, step;
  int64_t begin(int64_t share) const {
    return std::min(n, divide_up(n, step) * share / count * step);
  }
};

/// The run on as many threads as are worth waking for the distances of all queries and codes.
inline Run hamming_run(const HammingCodes& codes, double n_queries, const Run& run) {
  constexpr double kWordsPerThread = 1 << 15;
  const double n_words =
      static_cast<double>(codes.n_codes) * n_queries * static_cast<double>(codes.n_words);
  return run.with_threads(static_cast<int>(
      std::clamp(n_words / kWordsPerThread, 1.0, static_cast<double>(run.n_threads))));
}

/// Row-major codes that fill half of a first-level cache.
inline int64_t hamming_row_tile(int64_t n_words) {
  constexpr int64_t kTileBytes = 16384;
  return std::clamp(kTileBytes / (8 * n_words) / kHammingBlock * kHammingBlock, kHammingBlock,
                    kHammingMaxTile);
}

/// One thread's scratch for passes over the codes.
class HammingScanner {
 public:
  explicit HammingScanner(const HammingCodes& codes)
      : codes_(codes), kernels_(hamming_kernels()), rows_(codes, kHammingMaxTile), hits_(1) {}

  /// Shares of threads are multiples of it; ranges for `run` start at multiples of kHammingBlock.
  static constexpr int64_t kStep = kHammingMaxTile;

  /// Most hits of one call of `found` in `run`.
  int64_t most_hits(int64_t n_queries) const {
    return slices(n_queries) ? kernels_.tile_codes : kHammingMaxTile;
  }

  /// Calls found(query, first_code, hits, n_hits) for hits among codes begin .. end - 1 in the
  /// order of the codes. threshold(query) is asked again after `found`, and must never rise. Ends
  /// early where the team is to stop.
  template <class Threshold, class Found>
  void run(const uint64_t* queries, int64_t n_queries, int64_t begin, int64_t end, Team& team,
           Threshold&& threshold, Found&& found) {
    if (!slices(n_queries)) return run_rows(queries, n_queries, begin, end, team, threshold, found);
    run_tiles(queries, n_queries, begin, end, team, threshold, found);
  }

 private:
  static constexpr int64_t kSlicedQueries = 8;  // fewer do not repay the slicing of a tile
  static constexpr int64_t kTilesPerCheck = 16;

  bool slices(int64_t n_queries) const {
    return n_queries >= kSlicedQueries && codes_.n_bits <= kHammingMaxTileBits;
  }

  template <class Threshold, class Found>
  void run_rows(const uint64_t* queries, int64_t n_queries, int64_t begin, int64_t end, Team& team,
                Threshold& threshold, Found& found) {
    const int64_t step = hamming_row_tile(codes_.n_words);
    for (int64_t first = begin, tile = 0; first < end; first += step, ++tile) {
      if (tile % kTilesPerCheck == 0 && team.check_stop()) return;
      const int64_t n_codes = std::min(step, end - first);
      HammingScan scan = {nullptr, rows_.words(first, n_codes), n_codes, codes_.n_words, 0,
                          nullptr};
      if (codes_.allowed != nullptr) scan.allowed = codes_.allowed + first / kHammingBlock;
      for (int64_t q = 0; q < n_queries; ++q) {
        scan.query = queries + q * codes_.n_words;
        scan.threshold = threshold(q);
        const int64_t n_hits = kernels_.scan_rows(scan, hits_[0]);
        if (n_hits > 0) found(q, first, hits_[0], n_hits);
      }
    }
  }

  template <class Threshold, class Found>
  void run_tiles(const uint64_t* queries, int64_t n_queries, int64_t begin, int64_t end, Team& team,
                 Threshold& threshold, Found& found) {
    const int64_t step = kernels_.tile_codes, plane_words = step / kWordBits;
    HammingTileQueries prepared(queries, n_queries, codes_.n_words, codes_.n_bits, step);
    for (int64_t q = 0; q < n_queries; ++q) prepared.set_limit(q, threshold(q));
    tile_.reserve(hamming_tile_planes(codes_.n_words, codes_.n_bits) * plane_words);
    masks_.reserve(n_queries * plane_words);
    found_.reserve(n_queries);
    allowed_.reserve(plane_words);
    for (int64_t first = begin, tile = 0; first < end; first += step, ++tile) {
      if (tile % kTilesPerCheck == 0 && team.check_stop()) return;
      const int64_t n_codes = std::min(step, end - first);
      if (!set_allowed(first, n_codes, plane_words)) continue;
      const uint64_t* rows = rows_.words(first, n_codes);
      kernels_.slice_tile(rows, n_codes, codes_.n_words, codes_.n_bits, tile_.data());
      const HammingTileScan scan = {tile_.data(),    codes_.n_words, codes_.n_bits,
                                    prepared.data(), n_queries,      allowed_.data()};
      const int64_t n_found = kernels_.scan_tile(scan, found_.data(), masks_.data());
      for (int64_t i = 0; i < n_found; ++i) {
        const int64_t q = found_[i];
        const int32_t before = threshold(q);
        const HammingScan hit = {queries + q * codes_.n_words,   rows, n_codes, codes_.n_words, 0,
                                 masks_.data() + i * plane_words};
        found(q, first, hits_[0], kernels_.measure(hit, hits_[0]));
        if (threshold(q) != before) prepared.set_limit(q, threshold(q));
      }
    }
  }

  /// The codes of a tile that exist and may be found; false if there are none.
  bool set_allowed(int64_t first, int64_t n_codes, int64_t plane_words) {
    uint64_t any = 0;
    for (int64_t w = 0; w < plane_words; ++w) {
      const int64_t left = std::clamp<int64_t>(n_codes - w * kWordBits, 0, kWordBits);
      const uint64_t existing = low_bits(left);
      allowed_[w] = left == 0 || codes_.allowed == nullptr
                        ? existing
                        : existing & codes_.allowed[first / kHammingBlock + w];
      any |= allowed_[w];
    }
    return any != 0;
  }

  const HammingCodes& codes_;
  const HammingKernels& kernels_;
  HammingRows rows_;
  Buffer<HammingHits> hits_;
  Buffer<uint64_t> tile_, masks_, allowed_;
  Buffer<uint32_t> found_;
};

}  // namespace udl
