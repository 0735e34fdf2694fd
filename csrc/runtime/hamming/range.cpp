// All codes within a radius of queries.
#include <vector>

#include "runtime/hamming/nearest.h"
#include "runtime/hamming/scanner.h"
#include "runtime/hamming/stoppable_sort.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kQueriesPerThread = 8;  // fewer: threads share the codes and not the queries

using Found = std::vector<Neighbour>;

bool by_id(const Neighbour& a, const Neighbour& b) {
  return a.id != b.id ? a.id < b.id : a.distance < b.distance;
}

/// Lists `found` share by share and query by query, joined for each query and put in the order of
/// ids.
HammingRange join_range(std::vector<Found>& found, int64_t n_queries, int64_t n_shares,
                        bool ascending, const Run& run) {
  HammingRange range;
  range.limits.assign(n_queries + 1, 0);
  for (int64_t q = 0; q < n_queries; ++q) {
    range.limits[q + 1] = range.limits[q];
    for (int64_t s = 0; s < n_shares; ++s)
      range.limits[q + 1] += static_cast<int64_t>(found[s * n_queries + q].size());
  }
  range.distances.reserve(range.limits[n_queries]);
  range.ids.reserve(range.limits[n_queries]);
  parallel_region(run.with_threads(1), [&](Team& team) {
    team.for_each(n_queries, [&](int64_t q) {
      Found all = std::move(found[q]);
      for (int64_t s = 1; s < n_shares; ++s) {
        Found part = std::move(found[s * n_queries + q]);
        all.insert(all.end(), part.begin(), part.end());
      }
      if (!ascending && !sort_until_stopped(all.begin(), all.end(), team, by_id)) return;
      for (const Neighbour& n : all) {
        range.distances.push_back(n.distance);
        range.ids.push_back(n.id);
      }
    });
  });
  return range;
}

}  // namespace

HammingRange hamming_range(const HammingCodes& codes, const HammingQueries& queries,
                           int32_t largest, const Run& given) {
  const int64_t n = queries.n_queries;
  const Run run = hamming_run(codes, static_cast<double>(n), given);
  const Shares shares = {codes.n_codes, n < kQueriesPerThread * run.n_threads ? run.n_threads : 1,
                         HammingScanner::kStep};
  const int64_t block = std::clamp<int64_t>(shares.count > 1 ? n : divide_up(n, run.n_threads), 1,
                                            kHammingQueryBlock);
  std::vector<Found> found(shares.count * n);
  parallel_region(run, [&](Team& team) {
    team.for_each(divide_up(n, block) * shares.count, [&](int64_t task) {
      const int64_t first = task / shares.count * block, share = task % shares.count;
      Found* own = found.data() + share * n + first;
      HammingScanner scanner(codes);
      scanner.run(
          queries.words + first * codes.n_words, std::min(block, n - first), shares.begin(share),
          shares.begin(share + 1), team, [&](int64_t) { return largest; },
          [&](int64_t q, int64_t first_hit, const HammingHits& hits, int64_t n_hits) {
            for (int64_t i = 0; i < n_hits; ++i)
              own[q].push_back({hits.distances[i], codes.id(first_hit + hits.positions[i])});
          });
    });
  });
  if (run.stopped()) return {};
  return join_range(found, n, shares.count, codes.ascending, run);
}

}  // namespace udl
