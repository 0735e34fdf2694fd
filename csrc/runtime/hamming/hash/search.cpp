#include "runtime/hamming/hash/search.h"

#include <atomic>
#include <memory>
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

/// answer(query, thread's workspace) for all queries; which of them were answered.
template <class Answer>
std::vector<char> answer_all(const HammingTables& tables, const HammingCodes& codes,
                             int64_t n_queries, HashPolicy policy, const Run& run,
                             Answer&& answer) {
  const double scan_seconds =
      hamming_scan_seconds(codes.n_codes, codes.n_words, n_queries, run.n_threads);
  const int n_threads = static_cast<int>(std::clamp<int64_t>(n_queries, 1, run.n_threads));
  std::vector<char> answered(n_queries, 0);
  parallel_region(run.with_threads(n_threads), [&](Team& team) {
    HammingHashQuery workspace(tables, codes, scan_seconds, policy);
    team.for_each(n_queries, [&](int64_t q) { answered[q] = answer(q, workspace); });
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

/// Room for one list of nearest codes.
struct NearestStorage {
  std::unique_ptr<Neighbour[]> entries;
  std::unique_ptr<int64_t[]> counts;
  NearestStorage(int64_t k, int32_t n_bits)
      : entries(new Neighbour[NearestList::limit(k) + kHammingMaxTile]),
        counts(new int64_t[n_bits + 1]) {}
};

/// Pairs of the codes of a block with all codes of larger ids. Every pair is met twice, and kept
/// once.
class PairBlock {
 public:
  PairBlock(const HammingTables& tables, const HammingCodes& codes, int32_t largest,
            double scan_seconds, HashPolicy policy)
      : codes_(codes),
        largest_(largest),
        rows_(codes, kPairBlock),
        hash_(tables, codes, scan_seconds, policy),
        scanner_(codes) {}

  /// Returns the number of codes answered from tables.
  int64_t run(int64_t first, int64_t n, Team& team, std::vector<HammingPair>& pairs) {
    const uint64_t* queries = rows_.words(first, n);
    std::vector<Found> found(n);
    std::vector<char> answered(n);
    for (int64_t q = 0; q < n && !team.check_stop(); ++q)
      answered[q] = hash_.within(queries + q * codes_.n_words, largest_, found[q]);
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
  HammingRows rows_;
  HammingHashQuery hash_;
  HammingScanner scanner_;
};

}  // namespace

HashReport hamming_hash_search(const HammingTables& tables, const HammingCodes& codes,
                               const HammingQueries& queries, int64_t k, HashPolicy policy,
                               const Run& run, int32_t* distances, int64_t* ids) {
  const int64_t kept = std::max<int64_t>(1, std::min(k, codes.n_codes));
  const std::vector<char> answered = answer_all(
      tables, codes, queries.n_queries, policy, run, [&](int64_t q, HammingHashQuery& hash) {
        const NearestStorage storage(kept, codes.n_bits);
        NearestList list;
        list.reset(storage.entries.get(), storage.counts.get(), kept, codes.n_bits, false);
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
  std::vector<int32_t> scanned_distances(remaining.size() * k);
  std::vector<int64_t> scanned_ids(remaining.size() * k);
  hamming_search(codes, {remaining.words.data(), remaining.size()}, k, run,
                 scanned_distances.data(), scanned_ids.data());
  for (int64_t r = 0; r < remaining.size(); ++r) {
    std::copy_n(scanned_distances.data() + r * k, k, distances + remaining.indices[r] * k);
    std::copy_n(scanned_ids.data() + r * k, k, ids + remaining.indices[r] * k);
  }
  return {queries.n_queries - remaining.size()};
}

HammingRange hamming_hash_range(const HammingTables& tables, const HammingCodes& codes,
                                const HammingQueries& queries, int32_t largest, HashPolicy policy,
                                const Run& run, HashReport& report) {
  const int64_t n = queries.n_queries;
  std::vector<Found> found(n);
  const std::vector<char> answered =
      answer_all(tables, codes, n, policy, run, [&](int64_t q, HammingHashQuery& hash) {
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
                                HashReport& report) {
  const double scan_seconds =
      0.5 * hamming_scan_seconds(codes.n_codes, codes.n_words, codes.n_codes, run.n_threads);
  if (policy == HashPolicy::cheaper &&
      hamming_hash_seconds(codes.n_codes, codes.n_bits, tables.count(), largest) > scan_seconds)
    return hamming_pairs(codes, largest, run);
  std::vector<std::vector<HammingPair>> blocks(divide_up(codes.n_codes, kPairBlock));
  std::atomic<int64_t> n_hashed{0};
  parallel_region(run, [&](Team& team) {
    team.for_each(static_cast<int64_t>(blocks.size()), [&](int64_t b) {
      PairBlock block(tables, codes, largest, scan_seconds, policy);
      const int64_t first = b * kPairBlock;
      n_hashed += block.run(first, std::min(kPairBlock, codes.n_codes - first), team, blocks[b]);
    });
  });
  if (run.stopped()) return {};
  report.n_hashed = n_hashed;
  return join_pairs(blocks, codes.ascending, run);
}

}  // namespace udl
