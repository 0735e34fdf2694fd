// The nearest codes of each query: by lists of candidates, or by counting.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/bits.h"
#include "runtime/cuda/hamming/searcher.h"

namespace udl::cuda {
namespace {

/// One code in so many gives a query its limit.
constexpr int32_t kSampleStride = 32;
/// Where more of the sample lie within a limit, twice what a list holds is to be expected: such
/// queries are counted at once, and massive ties cost no list.
constexpr uint32_t kMostSampled = 2 * kHammingListRoom / kSampleStride;
/// Up to here the limit from a sample leaves about 1,400 candidates, which fit a list.
constexpr int64_t kMostListed = 512;

/// Rank in the sample up to which a limit lets k codes through, but for one query in thousands: a
/// sample holds k / kSampleStride of them on average, with the deviation of a count.
int64_t rank_in_sample(int64_t k) {
  const double mean = static_cast<double>(k) / kSampleStride;
  return static_cast<int64_t>(std::ceil(mean + 6.0 * std::sqrt(mean) + 3.0));
}

/// Fewer queries are scanned, and selected by one kernel.
constexpr int64_t kFewQueries = 4;
/// From here on products of bits pay, which take 128 queries at least.
constexpr int64_t kManyQueries = 32;

int64_t count_allowed(const HammingAsked& asked) {
  if (asked.allowed == nullptr) return asked.n_codes;
  int64_t n = 0;
  for (int64_t w = 0; w < (asked.n_codes + 63) / 64; ++w) n += popcount(asked.allowed[w]);
  return n;
}

/// Keys in the order of positions to that of neighbours: distances are counted.
void sort_by_distance(const uint64_t* keys, int64_t n, int32_t n_bits, uint64_t* sorted) {
  std::vector<int64_t> next(static_cast<std::size_t>(n_bits) + 2);
  for (int64_t i = 0; i < n; ++i) ++next[key_distance(keys[i]) + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  for (int64_t i = 0; i < n; ++i) sorted[next[key_distance(keys[i])]++] = keys[i];
}

}  // namespace

struct HammingSearcher::Neighbours {
  int64_t k;  ///< columns
  int64_t n;  ///< codes that every query has: k, or all there are
  HammingNeighbours out;
  const int64_t* rows;  ///< of the host, of each query; null: its own number

  /// Of the host.
  void write(int64_t query, const uint64_t* keys) const {
    const int64_t first = (rows != nullptr ? rows[query] : query) * k;
    for (int64_t i = 0; i < n; ++i) {
      out.distances[first + i] = key_distance(keys[i]);
      out.positions[first + i] = key_position(keys[i]);
    }
  }
};

void HammingSearcher::nearest(const HammingAsked& asked, int64_t k, HammingWay way, const Run& run,
                              const HammingNeighbours& out) {
  const int64_t n_allowed = count_allowed(asked), n = std::min(k, n_allowed);
  if (n < k && !out.on_device) {
    std::fill_n(out.distances, asked.n_queries * k, kNoDistance);
    std::fill_n(out.positions, asked.n_queries * k, kNoId);
  }
  if (n == 0 && out.on_device) answer(asked.n_queries, {k, 0, out, nullptr});
  if (n == 0) return;
  HammingSet set = all_codes(asked.n_codes);
  set.allowed = steps_.upload_allowed(asked.allowed, asked.n_codes);
  const bool by_lists = way != HammingWay::counting && n <= kMostListed;
  const int64_t counts_bytes = 4 * (int64_t{set.n_bits} + 1);
  const int64_t scanned_bytes = asked.n_queries < kFewQueries ? 2 * asked.n_codes : 0;
  const int64_t listed =
      block_of(set, asked.n_queries, counts_bytes + 8 * (kHammingListRoom + n) + scanned_bytes);
  const int64_t counted = block_of(set, by_lists ? listed : asked.n_queries,
                                   counts_bytes + 8 * (hamming_chunks(set) + 1) + 16 * n);
  const int64_t block = by_lists ? listed : counted;
  for (int64_t first = 0; first < asked.n_queries && !ends_now(run); first += block) {
    const int64_t n_queries = std::min(block, asked.n_queries - first);
    const HammingRows rows = asked.queries.from(first, codes_.n_bytes());
    HammingNeighbours of_block = out;
    of_block.distances += first * k;
    of_block.positions += first * k;
    const Neighbours to = {k, n, of_block, nullptr};
    take_queries(set, rows, n_queries);
    if (by_lists)
      count_missed(set, rows, list_nearest(set, way, n_allowed, to), counted, to, run);
    else
      count_nearest(set, to);
  }
}

/// Lists of the n nearest, in order. Returns how many candidates each query had.
const std::vector<uint32_t>& HammingSearcher::list(const HammingSet& set, HammingWay way,
                                                   int64_t n_allowed, int64_t n) {
  const bool is_automatic = way == HammingWay::automatic && n_allowed > kHammingListRoom;
  if (is_automatic && set.n_queries < kFewQueries && set.n_bits < kHammingSharedBins)
    return steps_.select(set, n);
  if (n_allowed <= kHammingListRoom) {
    steps_.limit_to(set, set.n_bits);
  } else {
    HammingSet sample = set;
    sample.stride = kSampleStride;
    steps_.count(sample);
    steps_.limit_to_nearest(sample, rank_in_sample(n), kMostSampled);
  }
  const bool by_products = is_automatic && codes_.has_filter() && set.n_queries >= kManyQueries;
  const std::vector<uint32_t>& found =
      by_products ? steps_.filter(set, codes_) : steps_.collect(set);
  steps_.rank(set.n_queries, kHammingListRoom, n);
  return found;
}

/// Writes lists that suffice. Returns the queries of which there are too few or too many
/// candidates.
std::vector<int64_t> HammingSearcher::list_nearest(const HammingSet& set, HammingWay way,
                                                   int64_t n_allowed, const Neighbours& to) {
  const std::vector<uint32_t>& found = list(set, way, n_allowed, to.n);
  const uint64_t* keys = nullptr;
  if (to.out.on_device)
    answer(set.n_queries, to);  // those that were missed are written again
  else
    keys = steps_.read_ranked(set.n_queries * to.n).data();
  std::vector<int64_t> missed;
  for (int64_t q = 0; q < set.n_queries; ++q) {
    if (found[q] < to.n || found[q] > kHammingListRoom)
      missed.push_back(q);
    else if (!to.out.on_device)
      to.write(q, keys + q * to.n);
  }
  return missed;
}

/// What `rank` kept, as an answer on the device.
void HammingSearcher::answer(int64_t n_queries, const Neighbours& to) {
  const int64_t* rows = to.rows != nullptr ? steps_.upload_numbers(to.rows, n_queries) : nullptr;
  steps_.answer_ranked({to.out.distances, to.out.positions, nullptr, rows, to.out.ids_of, n_queries,
                        to.k, to.n, kNoDistance, kNoId});
}

/// Queries of these numbers, of the host.
void HammingSearcher::take_missed(HammingSet& set, const HammingRows& rows, const int64_t* numbers,
                                  int64_t n) {
  if (rows.on_device) return take_queries(set, rows, n, steps_.upload_numbers(numbers, n));
  const int64_t n_bytes = codes_.n_bytes();
  std::vector<uint8_t> gathered(static_cast<std::size_t>(n * n_bytes));
  for (int64_t i = 0; i < n; ++i)
    std::copy_n(rows.rows + numbers[i] * n_bytes, n_bytes, gathered.data() + i * n_bytes);
  take_queries(set, {gathered.data()}, n);
}

/// Some queries of a block, in blocks of their own.
void HammingSearcher::count_missed(HammingSet set, const HammingRows& rows,
                                   const std::vector<int64_t>& missed, int64_t block,
                                   const Neighbours& to, const Run& run) {
  const int64_t n_missed = static_cast<int64_t>(missed.size());
  for (int64_t first = 0; first < n_missed && !ends_now(run); first += block) {
    const int64_t n = std::min(block, n_missed - first);
    take_missed(set, rows, missed.data() + first, n);
    count_nearest(set, {to.k, to.n, to.out, missed.data() + first});
  }
}

/// The distance of the last neighbour from a histogram; what is nearer, and the first ties, in the
/// order of positions; then by distance.
void HammingSearcher::count_nearest(const HammingSet& set, const Neighbours& to) {
  steps_.count(set);
  steps_.limit_to_nearest(set, to.n);
  steps_.tally(set);
  std::vector<int64_t> starts(static_cast<std::size_t>(set.n_queries));
  for (int64_t q = 0; q < set.n_queries; ++q) starts[q] = q * to.n;
  const int64_t end = set.n_queries * to.n;
  steps_.place(set, 0, starts, end);
  if (to.n <= kHammingListRoom) {
    steps_.rank(set.n_queries, to.n, to.n);
    if (to.out.on_device) return answer(set.n_queries, to);
    const uint64_t* keys = steps_.read_ranked(end).data();
    for (int64_t q = 0; q < set.n_queries; ++q) to.write(q, keys + q * to.n);
    return;
  }
  const uint64_t* keys = steps_.read_placed(end).data();
  std::vector<uint64_t> sorted(static_cast<std::size_t>(to.out.on_device ? end : to.n));
  for (int64_t q = 0; q < set.n_queries; ++q) {
    uint64_t* of_query = sorted.data() + (to.out.on_device ? q * to.n : 0);
    sort_by_distance(keys + q * to.n, to.n, set.n_bits, of_query);
    if (!to.out.on_device) to.write(q, of_query);
  }
  if (!to.out.on_device) return;
  steps_.set_ranked(sorted);
  answer(set.n_queries, to);
}

}  // namespace udl::cuda
