#include "runtime/hamming/hash/search.h"

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/hamming/hash/query.h"
#include "runtime/hamming/pair_list.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kPairBlock =
    512;  // codes whose pairs are found by one thread before the next piece of work

using Found = std::vector<Neighbour>;

/// The queries that were not answered from tables, in one piece for a scan.
struct Remaining {
  std::vector<int64_t> indices;
  std::vector<uint64_t> words;

  Remaining(const std::vector<char>& answered, const uint64_t* queries, int64_t n_words) {
    for (int64_t q = 0; q < static_cast<int64_t>(answered.size()); ++q) {
      if (answered[q]) continue;
      indices.push_back(q);
      words.insert(words.end(), queries + q * n_words, queries + (q + 1) * n_words);
    }
  }
  int64_t size() const { return static_cast<int64_t>(indices.size()); }
};

/// answer(query, thread's workspace) for the queries that are worth asking tables for; which of
/// them were answered.
template <class Answer>
std::vector<char> answer_all(const HammingTables& tables, const HammingCodes& codes,
                             int64_t n_queries, HashHistory& history, HashPolicy policy,
                             const Run& run, Answer&& answer) {
  const HammingPrices& prices = tables.prices();
  const double scan_seconds = prices.scan(codes.n_codes, codes.n_words, n_queries, run.n_threads);
  std::vector<char> answered(n_queries, 0);
  if (policy == HashPolicy::cheaper && prices.query > kHashStake * scan_seconds) return answered;
  const int n_threads = static_cast<int>(std::clamp<int64_t>(n_queries, 1, run.n_threads));
  parallel_region(run.with_threads(n_threads), [&](Team& team) {
    std::optional<HammingHashQuery> workspace;  // made where it is needed: many queries need none
    team.for_each(n_queries, [&](int64_t q) {
      if (policy == HashPolicy::cheaper && !history.worth_asking()) return;
      if (!workspace) workspace.emplace(tables, codes, prices, scan_seconds, policy);
      answered[q] = answer(q, *workspace);
      history.note(answered[q] != 0);
    });
  });
  return answered;
}

/// Each query's list: from tables where it was answered, else the next one of those scanned.
HammingRange join_answers(const std::vector<Found>& found, const std::vector<char>& answered,
                          const HammingRange& scanned, const Run& run) {
  HammingRange range;
  range.limits.assign(1, 0);
  int64_t r = 0;
  parallel_for(run.with_threads(1), static_cast<int64_t>(found.size()), [&](int64_t q) {
    for (const Neighbour& neighbour : found[q]) {
      range.distances.push_back(neighbour.distance);
      range.ids.push_back(neighbour.id);
    }
    if (!answered[q]) {
      const int64_t begin = scanned.limits[r], end = scanned.limits[r + 1];
      range.distances.insert(range.distances.end(), scanned.distances.begin() + begin,
                             scanned.distances.begin() + end);
      range.ids.insert(range.ids.end(), scanned.ids.begin() + begin, scanned.ids.begin() + end);
      ++r;
    }
    range.limits.push_back(static_cast<int64_t>(range.ids.size()));
  });
  return range;
}

/// Pairs of the codes of a block with all codes of larger ids. Every pair is met twice, and kept
/// once.
class PairBlock {
 public:
  PairBlock(const HammingTables& tables, const HammingCodes& codes, int32_t largest,
            double scan_seconds, HashPolicy policy)
      : codes_(codes),
        largest_(largest),
        history_(tables.history_within(largest)),
        policy_(policy),
        rows_(codes, kPairBlock),
        hash_(tables, codes, tables.prices(), scan_seconds, policy),
        scanner_(codes) {}

  /// Returns the number of codes answered from tables.
  int64_t run(int64_t first, int64_t n, Team& team, std::vector<HammingPair>& pairs) {
    const uint64_t* queries = rows_.words(first, n);
    std::vector<Found> found(n);
    std::vector<char> answered(n);
    for (int64_t q = 0; q < n && !team.check_stop(); ++q) {
      if (policy_ == HashPolicy::cheaper && !history_.worth_asking()) continue;
      answered[q] = hash_.within(queries + q * codes_.n_words, largest_, found[q]);
      history_.note(answered[q] != 0);
    }
    const Remaining remaining(answered, queries, codes_.n_words);
    scanner_.run(
        remaining.words.data(), remaining.size(), 0, codes_.n_codes, team,
        [&](int64_t) { return largest_; },
        [&](int64_t r, int64_t first_hit, const HammingHits& hits, int64_t n_hits) {
          Found& own = found[remaining.indices[r]];
          for (int64_t i = 0; i < n_hits; ++i)
            own.push_back({hits.distances[i], codes_.id(first_hit + hits.positions[i])});
        });
    for (int64_t q = 0; q < n; ++q) {
      const int64_t id = codes_.id(first + q);
      for (const Neighbour& other : found[q]) {
        if (other.id > id) pairs.push_back({id, other.id, other.distance});
      }
    }
    return n - remaining.size();
  }

 private:
  const HammingCodes& codes_;
  int32_t largest_;
  HashHistory& history_;
  HashPolicy policy_;
  HammingRows rows_;
  HammingHashQuery hash_;
  HammingScanner scanner_;
};

}  // namespace

HashReport hamming_hash_search(const HammingTables& tables, const HammingCodes& codes,
                               const HammingQueries& queries, int64_t k, HashPolicy policy,
                               const Run& run, int32_t* distances, int64_t* ids) {
  const int64_t kept = std::max<int64_t>(1, std::min(k, codes.n_codes));
  const std::vector<char> answered =
      answer_all(tables, codes, queries.n_queries, tables.history_of_nearest(kept), policy, run,
                 [&](int64_t q, HammingHashQuery& hash) {
                   NearestList& list = hash.empty_list(kept);
                   if (!hash.nearest(queries.words + q * codes.n_words, list)) return false;
                   int32_t* d = distances + q * k;
                   int64_t* i = ids + q * k;
                   list.write(d, i);
                   std::fill(d + list.size(), d + k, kNoDistance);
                   std::fill(i + list.size(), i + k, kNoId);
                   return true;
                 });
  const Remaining remaining(answered, queries.words, codes.n_words);
  if (run.stopped() || remaining.size() == 0) return {queries.n_queries - remaining.size()};
  hamming_search(codes, {remaining.words.data(), remaining.size()}, k, run, distances, ids,
                 remaining.indices.data());
  return {queries.n_queries - remaining.size()};
}

HammingRange hamming_hash_range(const HammingTables& tables, const HammingCodes& codes,
                                const HammingQueries& queries, int32_t largest, HashPolicy policy,
                                const Run& run, HashReport& report) {
  const int64_t n = queries.n_queries;
  std::vector<Found> found(n);
  const std::vector<char> answered =
      answer_all(tables, codes, n, tables.history_within(largest), policy, run,
                 [&](int64_t q, HammingHashQuery& hash) {
                   return hash.within(queries.words + q * codes.n_words, largest, found[q]);
                 });
  if (run.stopped()) return {};
  const Remaining remaining(answered, queries.words, codes.n_words);
  report.n_hashed = n - remaining.size();
  HammingRange scanned;
  if (remaining.size() > 0)
    scanned = hamming_range(codes, {remaining.words.data(), remaining.size()}, largest, run);
  if (run.stopped()) return {};
  return join_answers(found, answered, scanned, run);
}

HammingPairs hamming_hash_pairs(const HammingTables& tables, const HammingCodes& codes,
                                int32_t largest, HashPolicy policy, const Run& run,
                                HashReport& report, Progress& progress) {
  const HammingPrices& prices = tables.prices();
  const double scan_seconds =
      0.5 * prices.scan(codes.n_codes, codes.n_words, codes.n_codes, run.n_threads);
  if (policy == HashPolicy::cheaper &&
      prices.tables(codes.n_codes, codes.n_bits, tables.count(), largest) > scan_seconds)
    return hamming_pairs(codes, largest, run, progress);
  HammingPairBlocks blocks(divide_up(codes.n_codes, kPairBlock));
  std::atomic<int64_t> n_hashed{0}, n_done{0};
  parallel_region(run, [&](Team& team) {
    team.for_each(static_cast<int64_t>(blocks.size()), [&](int64_t b) {
      PairBlock block(tables, codes, largest, scan_seconds, policy);
      const int64_t first = b * kPairBlock;
      n_hashed += block.run(first, std::min(kPairBlock, codes.n_codes - first), team, blocks[b]);
      progress.reach(static_cast<double>(++n_done) / static_cast<double>(blocks.size()));
    });
  });
  if (run.stopped()) return {};
  report.n_hashed = n_hashed;
  return join_pairs(std::move(blocks), codes.ascending, run);
}

}  // namespace udl
