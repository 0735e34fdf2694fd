#pragma once
// Queries in the form that scans of sliced tiles take (kernels/hamming.h).
#include <cstdint>
#include <vector>

#include "kernels/hamming.h"

namespace udl {

class HammingTileQueries {
 public:
  /// `queries`: rows of n_words words, bits beyond n_bits zero; n_bits <= kHammingMaxTileBits.
  /// tile_codes: of the kernels that will scan.
  HammingTileQueries(const uint64_t* queries, int64_t n_queries, int64_t n_words, int32_t n_bits,
                     int64_t tile_codes);
  HammingTileQueries(const HammingTileQueries&) = delete;
  HammingTileQueries& operator=(const HammingTileQueries&) = delete;

  /// Codes at a distance <= limit are found; -1 <= limit <= n_bits.
  void set_limit(int64_t query, int32_t limit);

  const HammingTileQuery* data() const { return queries_.data(); }
  int64_t size() const { return static_cast<int64_t>(queries_.size()); }

 private:
  int32_t n_bits_;
  std::vector<uint16_t> offsets_;
  std::vector<int32_t> n_ones_;  // of q: the query, or its complement if that has fewer ones
  std::vector<HammingTileQuery> queries_;
};

}  // namespace udl
