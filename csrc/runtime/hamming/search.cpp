// The k nearest codes of each query.
#include <memory>
#include <vector>

#include "runtime/hamming/nearest.h"
#include "runtime/hamming/scanner.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kQueriesPerThread = 8;      // fewer: threads share the codes and not the queries
constexpr int64_t kCandidateBytes = 1 << 25;  // of the candidate lists of one thread

/// One thread's or one share's lists for a block of queries.
struct Workspace {
  HammingScanner scanner;
  int64_t capacity, n_counts;
  std::unique_ptr<Neighbour[]> storage;  // left uninitialised: much of it may never be used
  std::unique_ptr<int64_t[]> counts;
  std::vector<NearestList> lists;

  Workspace(const HammingCodes& codes, int64_t n_queries, int64_t k)
      : scanner(codes),
        capacity(NearestList::limit(k) + scanner.most_hits(n_queries)),
        n_counts(codes.n_bits + 1),
        storage(new Neighbour[n_queries * capacity]),
        counts(new int64_t[n_queries * n_counts]),
        lists(n_queries) {}

  void run(const HammingCodes& codes, const uint64_t* queries, int64_t n_queries, int64_t k,
           int64_t begin, int64_t end, Team& team) {
    for (int64_t q = 0; q < n_queries; ++q)
      lists[q].reset(storage.get() + q * capacity, counts.get() + q * n_counts, k, codes.n_bits,
                     codes.ascending);
    scanner.run(
        queries, n_queries, begin, end, team, [&](int64_t q) { return lists[q].threshold(); },
        [&](int64_t q, int64_t first, const HammingHits& hits, int64_t n_hits) {
          lists[q].append(hits, n_hits, first, codes);
        });
  }
};

struct Output {
  int64_t k;  ///< columns; lists may be shorter
  int32_t* distances;
  int64_t* ids;
  const int64_t* rows;  ///< of each query; null: its own number

  void write(int64_t query, NearestList& list) const {
    const int64_t row = rows != nullptr ? rows[query] : query;
    int32_t* d = distances + row * k;
    int64_t* i = ids + row * k;
    list.write(d, i);
    std::fill(d + list.size(), d + k, kNoDistance);
    std::fill(i + list.size(), i + k, kNoId);
  }
};

class Search {
 public:
  Search(const HammingCodes& codes, const HammingQueries& queries, int64_t kept, const Run& run,
         const Output& output)
      : codes_(codes), queries_(queries), kept_(kept), run_(run), output_(output) {
    const int64_t entry_bytes =
        (NearestList::limit(kept) + kHammingMaxTile) * static_cast<int64_t>(sizeof(Neighbour));
    const int64_t fitting =
        kCandidateBytes /
        (entry_bytes + (codes.n_bits + 1) * static_cast<int64_t>(sizeof(int64_t)));
    block_ = std::clamp<int64_t>(fitting, 1, kHammingQueryBlock);
  }

  void run() {
    if (queries_.n_queries < kQueriesPerThread * run_.n_threads) return share_codes();
    share_queries();
  }

 private:
  void share_queries() {
    const int64_t block = std::min(block_, divide_up(queries_.n_queries, run_.n_threads));
    make_workspaces(block);
    parallel_region(run_, [&](Team& team) {
      Workspace& own = workspaces_[team.thread_index()];
      team.for_each(divide_up(queries_.n_queries, block), [&](int64_t b) {
        const int64_t first = b * block, n = std::min(block, queries_.n_queries - first);
        run_part(own, first, n, 0, codes_.n_codes, team);
        for (int64_t q = 0; q < n; ++q) output_.write(first + q, own.lists[q]);
      });
    });
  }

  void share_codes() {
    const Shares shares = {codes_.n_codes, run_.n_threads, HammingScanner::kStep};
    const int64_t block = std::min(block_, queries_.n_queries);
    make_workspaces(block);
    parallel_region(run_, [&](Team& team) {
      for (int64_t first = 0; first < queries_.n_queries; first += block) {
        const int64_t n = std::min(block, queries_.n_queries - first);
        team.for_each(shares.count, [&](int64_t share) {
          run_part(workspaces_[share], first, n, shares.begin(share), shares.begin(share + 1),
                   team);
        });
        team.for_each(n, [&](int64_t q) {
          NearestList& list = workspaces_[0].lists[q];
          for (int64_t share = 1; share < shares.count; ++share)
            list.append(workspaces_[share].lists[q]);
          output_.write(first + q, list);
        });
      }
    });
  }

  void make_workspaces(int64_t block) {
    workspaces_.reserve(run_.n_threads);
    for (int t = 0; t < run_.n_threads; ++t) workspaces_.emplace_back(codes_, block, kept_);
  }

  void run_part(Workspace& workspace, int64_t first, int64_t n, int64_t begin, int64_t end,
                Team& team) {
    workspace.run(codes_, queries_.words + first * codes_.n_words, n, kept_, begin, end, team);
  }

  const HammingCodes& codes_;
  const HammingQueries& queries_;
  int64_t kept_;
  Run run_;
  const Output& output_;
  int64_t block_;
  std::vector<Workspace> workspaces_;
};

}  // namespace

void hamming_search(const HammingCodes& codes, const HammingQueries& queries, int64_t k,
                    const Run& run, int32_t* distances, int64_t* ids, const int64_t* rows) {
  if (queries.n_queries == 0) return;
  const int64_t kept =
      std::max<int64_t>(1, std::min(k, codes.n_codes));  // lists need no more than there are codes
  const Output output = {k, distances, ids, rows};
  const Run own = hamming_run(codes, static_cast<double>(queries.n_queries), run);
  Search(codes, queries, kept, own, output).run();
}

}  // namespace udl
