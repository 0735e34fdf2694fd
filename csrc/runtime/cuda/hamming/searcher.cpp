#include "runtime/cuda/hamming/searcher.h"

#include <algorithm>

namespace udl::cuda {
namespace {

/// Pairs of words in one launch: 10 ms on a card that counts the bits of 4e12 words a second.
constexpr int64_t kWorkWords = int64_t{1} << 35;

}  // namespace

HammingSet HammingSearcher::all_codes(int64_t n_codes) const {
  HammingSet set = {};
  set.codes = codes_.row(0);
  set.n_codes = static_cast<int32_t>(n_codes);
  set.row_words = codes_.row_words();
  set.n_bits = codes_.n_bits();
  set.stride = 1;
  set.pairs_from = -1;
  return set;
}

/// Queries of a block, each of which takes so many bytes of device memory beside its row.
int64_t HammingSearcher::block_of(const HammingSet& set, int64_t n_queries,
                                  int64_t query_bytes) const {
  const int64_t fitting = work_bytes_ / (query_bytes + 4 * set.row_words);
  const int64_t quick = kWorkWords / std::max<int64_t>(1, int64_t{set.n_codes} * set.row_words);
  return std::clamp<int64_t>(std::min(fitting, quick), 1, std::max<int64_t>(n_queries, 1));
}

void HammingSearcher::take_queries(HammingSet& set, const HammingRows& rows, int64_t n,
                                   const int64_t* numbers) {
  set.queries = steps_.take_queries(codes_, rows, n, numbers);
  set.n_queries = static_cast<int32_t>(n);
}

void HammingSearcher::histogram(const HammingAsked& asked, const Run& run, int64_t* out) {
  const int64_t n_bins = codes_.n_bits() + 1;
  HammingSet set = all_codes(asked.n_codes);
  set.allowed = steps_.upload_allowed(asked.allowed, asked.n_codes);
  const int64_t block = block_of(set, asked.n_queries, 4 * n_bins);
  std::vector<uint32_t> counts(static_cast<std::size_t>(block * n_bins));
  for (int64_t first = 0; first < asked.n_queries && !ends_now(run); first += block) {
    const int64_t n = std::min(block, asked.n_queries - first);
    take_queries(set, asked.queries.from(first, codes_.n_bytes()), n);
    steps_.count(set);
    steps_.read_counts(set, counts.data());
    std::copy_n(counts.data(), n * n_bins, out + first * n_bins);
  }
}

/// Results of many queries at a time, as many as fit the memory for work; of one at least.
void HammingSearcher::for_each_within(const HammingSet& set, int32_t largest, const Take& take) {
  steps_.limit_to(set, largest);
  const std::vector<uint32_t> found = steps_.tally(set);
  std::vector<int64_t> starts;
  for (int64_t first = 0; first < set.n_queries; first += static_cast<int64_t>(starts.size())) {
    int64_t end = 0;
    starts.clear();
    for (int64_t q = first; q < set.n_queries; ++q) {
      if (q > first && (end + found[q]) * 8 > work_bytes_) break;
      starts.push_back(end);
      end += found[q];
    }
    if (end > 0) steps_.place(set, first, starts, end);
    const uint64_t* keys = steps_.read_placed(end).data();
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const int64_t query = first + static_cast<int64_t>(i);
      take(query, keys + starts[i], found[query]);
    }
  }
}

HammingRange HammingSearcher::within(const HammingAsked& asked, int32_t largest, const Run& run) {
  HammingRange range;
  range.limits.assign(1, 0);
  range.limits.reserve(static_cast<std::size_t>(asked.n_queries + 1));
  HammingSet set = all_codes(asked.n_codes);
  set.allowed = steps_.upload_allowed(asked.allowed, asked.n_codes);
  const int64_t block = block_of(set, asked.n_queries, 8 * (hamming_chunks(set) + 1));
  for (int64_t first = 0; first < asked.n_queries && !ends_now(run); first += block) {
    take_queries(set, asked.queries.from(first, codes_.n_bytes()),
                 std::min(block, asked.n_queries - first));
    for_each_within(set, largest, [&](int64_t, const uint64_t* keys, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        range.distances.push_back(key_distance(keys[i]));
        range.ids.push_back(key_position(keys[i]));
      }
      range.limits.push_back(static_cast<int64_t>(range.ids.size()));
    });
  }
  return range;
}

HammingPairs HammingSearcher::pairs(int64_t n_codes, int32_t largest, const Run& run,
                                    Progress& progress) {
  HammingPairs pairs;
  HammingSet set = all_codes(n_codes);
  const int64_t block = block_of(set, n_codes, 8 * (hamming_chunks(set) + 1));
  for (int64_t first = 0; first < n_codes && !ends_now(run); first += block) {
    set.queries = codes_.row(first);
    set.n_queries = static_cast<int32_t>(std::min(block, n_codes - first));
    set.pairs_from = set.first_code = static_cast<int32_t>(first);
    for_each_within(set, largest, [&](int64_t query, const uint64_t* keys, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        pairs.first.push_back(first + query);
        pairs.second.push_back(key_position(keys[i]));
        pairs.distances.push_back(key_distance(keys[i]));
      }
    });
    // Of the square of all pairs, what lies above the diagonal is compared.
    const double left =
        static_cast<double>(n_codes - first - set.n_queries) / static_cast<double>(n_codes);
    progress.reach(1.0 - left * left);
  }
  return pairs;
}

}  // namespace udl::cuda
