// Distances of all pairs, and how often each distance occurs.
#include <algorithm>
#include <vector>

#include "base/bits.h"
#include "runtime/hamming/scanner.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kQueryBlock = 64;  // queries that share a tile of codes in the first-level cache

/// A tile's distances counted; codes that are not allowed are left out.
void count_distances(const int32_t* distances, int64_t n, const uint64_t* allowed,
                     int64_t* counts) {
  if (allowed == nullptr) {
    for (int64_t c = 0; c < n; ++c) ++counts[distances[c]];
    return;
  }
  for (int64_t c = 0; c < n; ++c) counts[distances[c]] += bit_at(allowed, c) ? 1 : 0;
}

std::vector<HammingRows> rows_of_threads(const HammingCodes& codes, int64_t most_rows,
                                         int n_threads) {
  std::vector<HammingRows> rows;
  for (int t = 0; t < n_threads; ++t) rows.emplace_back(codes, most_rows);
  return rows;
}

}  // namespace

void hamming_distances(const HammingCodes& codes, const HammingQueries& queries, const Run& given,
                       int32_t* out) {
  const int64_t step = hamming_row_tile(codes.n_words), n_tiles = divide_up(codes.n_codes, step);
  const HammingKernels& kernels = hamming_kernels();
  const Run run = hamming_run(codes, static_cast<double>(queries.n_queries), given);
  std::vector<HammingRows> rows = rows_of_threads(codes, step, run.n_threads);
  parallel_region(run, [&](Team& team) {
    team.for_each(divide_up(queries.n_queries, kQueryBlock) * n_tiles, [&](int64_t task) {
      const int64_t first_query = task / n_tiles * kQueryBlock, first = task % n_tiles * step;
      const int64_t end_query = std::min(queries.n_queries, first_query + kQueryBlock);
      const int64_t n_codes = std::min(step, codes.n_codes - first);
      const uint64_t* words = rows[team.thread_index()].words(first, n_codes);
      for (int64_t q = first_query; q < end_query; ++q)
        kernels.distances(queries.words + q * codes.n_words, words, n_codes, codes.n_words,
                          out + q * codes.n_codes + first);
    });
  });
}

void hamming_histogram(const HammingCodes& codes, const HammingQueries& queries, const Run& given,
                       int64_t* out) {
  const int64_t n = queries.n_queries, n_bins = codes.n_bits + 1,
                step = hamming_row_tile(codes.n_words);
  const Run run = hamming_run(codes, static_cast<double>(n), given);
  // Few queries: threads share the codes and each counts for itself.
  const Shares shares = {codes.n_codes, n < run.n_threads ? run.n_threads : 1, step};
  std::vector<int64_t> counts_of_shares(shares.count > 1 ? shares.count * n * n_bins : 0);
  int64_t* const counts = shares.count > 1 ? counts_of_shares.data() : out;
  std::vector<HammingRows> rows = rows_of_threads(codes, step, run.n_threads);
  const HammingKernels& kernels = hamming_kernels();
  parallel_region(run, [&](Team& team) {
    team.for_each(n * shares.count, [&](int64_t task) {
      const int64_t q = task / shares.count, share = task % shares.count;
      int32_t distances[kHammingMaxTile];
      int64_t* const own = counts + (share * n + q) * n_bins;
      std::fill_n(own, n_bins, int64_t{0});
      for (int64_t first = shares.begin(share); first < shares.begin(share + 1); first += step) {
        if (team.check_stop()) return;
        const int64_t n_codes = std::min(step, codes.n_codes - first);
        kernels.distances(queries.words + q * codes.n_words,
                          rows[team.thread_index()].words(first, n_codes), n_codes, codes.n_words,
                          distances);
        count_distances(distances, n_codes,
                        codes.allowed == nullptr ? nullptr : codes.allowed + first / kWordBits,
                        own);
      }
    });
  });
  if (shares.count == 1 || run.stopped()) return;
  for (int64_t i = 0; i < n * n_bins; ++i) {
    out[i] = 0;
    for (int64_t share = 0; share < shares.count; ++share) out[i] += counts[share * n * n_bins + i];
  }
}

}  // namespace udl
