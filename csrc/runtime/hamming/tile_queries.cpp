#include "runtime/hamming/tile_queries.h"

#include <algorithm>

#include "base/bits.h"
#include "base/view.h"

namespace udl {
namespace {

constexpr uint64_t kAllOnes = ~uint64_t{0};

/// Bits of word w of a code of n_bits bits.
uint64_t used_bits(int64_t w, int32_t n_bits) {
  return low_bits(std::max<int64_t>(0, n_bits - w * kWordBits));
}

/// Positions of the ones of query ^ flip.
std::vector<int32_t> ones_of(const uint64_t* query, int64_t n_words, int32_t n_bits,
                             uint64_t flip) {
  std::vector<int32_t> ones;
  for (int64_t w = 0; w < n_words; ++w) {
    uint64_t word = (query[w] ^ flip) & used_bits(w, n_bits);
    for (int32_t bit = 0; word != 0; ++bit, word >>= 1) {
      if (word & 1) ones.push_back(static_cast<int32_t>(w * kWordBits) + bit);
    }
  }
  return ones;
}

}  // namespace

HammingTileQueries::HammingTileQueries(const uint64_t* queries, int64_t n_queries, int64_t n_words,
                                       int32_t n_bits, int64_t tile_codes)
    : n_bits_(n_bits), n_ones_(n_queries), queries_(n_queries) {
  const int64_t plane_words = tile_codes / kWordBits;
  const uint16_t zero_plane = static_cast<uint16_t>(kWordBits * n_words * plane_words);
  std::vector<int64_t> starts(n_queries);
  for (int64_t q = 0; q < n_queries; ++q) {
    const uint64_t* query = queries + q * n_words;
    std::vector<int32_t> ones = ones_of(query, n_words, n_bits, 0);
    queries_[q].flip = 2 * static_cast<int64_t>(ones.size()) > n_bits ? kAllOnes : 0;
    if (queries_[q].flip != 0) ones = ones_of(query, n_words, n_bits, kAllOnes);
    n_ones_[q] = static_cast<int32_t>(ones.size());
    queries_[q].n_offsets = round_up(n_ones_[q], kHammingListStep);
    starts[q] = static_cast<int64_t>(offsets_.size());
    for (const int32_t bit : ones) offsets_.push_back(static_cast<uint16_t>(bit * plane_words));
    offsets_.resize(starts[q] + queries_[q].n_offsets, zero_plane);
  }
  for (int64_t q = 0; q < n_queries; ++q) queries_[q].offsets = offsets_.data() + starts[q];
}

void HammingTileQueries::set_limit(int64_t q, int32_t limit) {
  HammingTileQuery& query = queries_[q];
  // distance(q) <= limit <=> |x| - 2 |x & q| <= limit - |q|. The complement's distance d' is n_bits
  // less that of the query, which is within the limit unless d' <= n_bits - limit - 1.
  const int32_t within = query.flip == 0 ? limit : n_bits_ - limit - 1;
  const uint32_t constant = static_cast<uint32_t>(within - n_ones_[q] + n_bits_);
  for (int i = 0; i < kHammingMaxSumPlanes; ++i)
    query.limit_planes[i] = uint64_t{0} - (constant >> i & 1);
}

}  // namespace udl
