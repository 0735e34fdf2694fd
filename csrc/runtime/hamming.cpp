#include "runtime/hamming.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "base/view.h"
#include "kernels/hamming.h"
#include "runtime/buffer.h"
#include "runtime/parallel.h"
#include "runtime/target.h"

namespace udl {
namespace {

constexpr int64_t kTileBytes = 16384;         // half of a first-level cache
constexpr int64_t kQueryBlock = 128;          // queries that share a pass over the codes
constexpr int64_t kPackedQueries = 4;         // fewer do not repay the packing of a tile
constexpr int64_t kQueriesPerThread = 8;      // fewer: threads share the codes and not the queries
constexpr int64_t kCandidateBytes = 1 << 25;  // of the candidate lists of one thread
constexpr int64_t kWordsPerThread = 1 << 15;  // smaller work is not worth waking a thread

struct Neighbour {
  int32_t distance;
  int64_t id;
  bool operator<(const Neighbour& other) const {
    return distance != other.distance ? distance < other.distance : id < other.id;
  }
};

int64_t tile_codes(int64_t n_words) {
  const int64_t fitting = kTileBytes / (8 * n_words) / kHammingBlock * kHammingBlock;
  return std::clamp(fitting, kHammingBlock, kHammingMaxTile);
}

int useful_threads(const HammingCodes& codes, const HammingQueries& queries, int n_threads) {
  const double words = static_cast<double>(codes.n_codes) * codes.n_words * queries.n_queries;
  return static_cast<int>(std::clamp(words / kWordsPerThread, 1.0, static_cast<double>(n_threads)));
}

/// Contiguous parts of n items; borders are multiples of `step`.
struct Shares {
  int64_t n, count, step;
  int64_t begin(int64_t share) const { return std::min(n, divide_up(n, step) * share / count * step); }
};

/// The k nearest seen so far, with room to append a tile's hits before the list is cut to k again.
class NearestList {
 public:
  void reset(Neighbour* storage, int64_t k, int32_t n_bits) {
    entries_ = storage;
    k_ = k;
    size_ = 0;
    threshold_ = n_bits;
  }
  /// Entries kept before a cut: more than k, so that a cut costs O(1) for each entry.
  static int64_t limit(int64_t k) { return 2 * k + 64; }
  static int64_t capacity(int64_t k) { return limit(k) + kHammingMaxTile; }

  int32_t threshold() const { return threshold_; }
  int64_t size() const { return size_; }
  const Neighbour* entries() const { return entries_; }

  void append(const HammingHits& hits, int64_t n_hits, int64_t first, const HammingCodes& codes) {
    for (int64_t i = 0; i < n_hits; ++i) entries_[size_++] = {hits.distances[i], codes.id(first + hits.positions[i])};
    if (size_ > limit(k_)) cut(codes.ascending);
  }
  void append(const NearestList& other, bool ascending) {
    for (int64_t i = 0; i < other.size_; ++i) {
      if (size_ > limit(k_)) cut(ascending);
      entries_[size_++] = other.entries_[i];
    }
  }
  void sort() {
    std::sort(entries_, entries_ + size_);
    size_ = std::min(size_, k_);
  }

 private:
  void cut(bool ascending) {
    std::nth_element(entries_, entries_ + (k_ - 1), entries_ + size_);
    size_ = k_;
    // A code seen later has a larger id where ids ascend, so a tie with the last one never gets in.
    threshold_ = entries_[k_ - 1].distance - (ascending ? 1 : 0);
  }

  Neighbour* entries_ = nullptr;
  int64_t k_ = 0, size_ = 0;
  int32_t threshold_ = 0;
};

/// Passes over codes: tiles outside, queries inside, so that a tile is read once for all queries.
class Scanner {
 public:
  explicit Scanner(const HammingCodes& codes)
      : codes_(codes), kernels_(hamming_kernels()), step_(tile_codes(codes.n_words)), tile_(step_ * codes.n_words), hits_(1) {}

  /// Calls found(query, first_code, hits, n_hits) for codes begin .. end - 1; begin is a multiple of 64.
  template <class Threshold, class Found>
  void run(const uint64_t* queries, int64_t n_queries, int64_t begin, int64_t end, Threshold&& threshold, Found&& found) {
    const bool packed = n_queries >= kPackedQueries;
    for (int64_t first = begin; first < end; first += step_) {
      const uint64_t* rows = codes_.words + first * codes_.n_words;
      const int64_t n_codes = std::min(step_, end - first);
      if (packed) kernels_.pack_tile(rows, n_codes, codes_.n_words, tile_.data());
      const uint64_t* allowed = codes_.allowed != nullptr ? codes_.allowed + first / kHammingBlock : nullptr;
      for (int64_t q = 0; q < n_queries; ++q) {
        const HammingScan scan = {queries + q * codes_.n_words, packed ? tile_.data() : rows, n_codes, codes_.n_words, threshold(q), allowed};
        const int64_t n_hits = packed ? kernels_.scan_tile(scan, hits_[0]) : kernels_.scan_rows(scan, hits_[0]);
        if (n_hits > 0) found(q, first, hits_[0], n_hits);
      }
    }
  }

 private:
  const HammingCodes& codes_;
  const HammingKernels& kernels_;
  int64_t step_;
  Buffer<uint64_t> tile_;
  Buffer<HammingHits> hits_;
};

/// One thread's or one share's lists for a block of queries.
struct SearchWorkspace {
  Scanner scanner;
  Buffer<Neighbour> storage;
  std::vector<NearestList> lists;

  SearchWorkspace(const HammingCodes& codes, int64_t n_queries, int64_t k)
      : scanner(codes), storage(n_queries * NearestList::capacity(k)), lists(n_queries) {}

  void run(const HammingCodes& codes, const uint64_t* queries, int64_t n_queries, int64_t k, int64_t begin, int64_t end) {
    for (int64_t q = 0; q < n_queries; ++q) lists[q].reset(storage.data() + q * NearestList::capacity(k), k, codes.n_bits);
    scanner.run(queries, n_queries, begin, end, [&](int64_t q) { return lists[q].threshold(); },
                [&](int64_t q, int64_t first, const HammingHits& hits, int64_t n_hits) { lists[q].append(hits, n_hits, first, codes); });
  }
};

struct SearchOutput {
  int64_t k;
  int32_t* distances;
  int64_t* ids;

  void write(int64_t query, NearestList& list) const {
    list.sort();
    int32_t* d = distances + query * k;
    int64_t* i = ids + query * k;
    for (int64_t r = 0; r < list.size(); ++r) {
      d[r] = list.entries()[r].distance;
      i[r] = list.entries()[r].id;
    }
    std::fill(d + list.size(), d + k, kNoDistance);
    std::fill(i + list.size(), i + k, kNoId);
  }
};

std::vector<SearchWorkspace> make_workspaces(const HammingCodes& codes, int64_t n, int64_t block, int64_t k) {
  std::vector<SearchWorkspace> workspaces;
  workspaces.reserve(n);
  for (int64_t i = 0; i < n; ++i) workspaces.emplace_back(codes, block, k);
  return workspaces;
}

void search_over_queries(const HammingCodes& codes, const HammingQueries& queries, int64_t k, int64_t block, int n_threads, const SearchOutput& output) {
  const int64_t n_blocks = divide_up(queries.n_queries, block);
  std::vector<SearchWorkspace> workspaces = make_workspaces(codes, n_threads, block, k);
  parallel_region(n_threads, [&](Team& team) {
    SearchWorkspace& own = workspaces[team.thread_index()];
    team.for_each(n_blocks, [&](int64_t b) {
      const int64_t first = b * block, n = std::min(block, queries.n_queries - first);
      own.run(codes, queries.words + first * codes.n_words, n, k, 0, codes.n_codes);
      for (int64_t q = 0; q < n; ++q) output.write(first + q, own.lists[q]);
    });
  });
}

void search_over_codes(const HammingCodes& codes, const HammingQueries& queries, int64_t k, int64_t block, int n_threads, const SearchOutput& output) {
  const Shares shares = {codes.n_codes, n_threads, tile_codes(codes.n_words)};
  std::vector<SearchWorkspace> workspaces = make_workspaces(codes, n_threads, block, k);
  parallel_region(n_threads, [&](Team& team) {
    for (int64_t first = 0; first < queries.n_queries; first += block) {
      const int64_t n = std::min(block, queries.n_queries - first);
      team.for_each(shares.count, [&](int64_t share) {
        workspaces[share].run(codes, queries.words + first * codes.n_words, n, k, shares.begin(share), shares.begin(share + 1));
      });
      team.for_each(n, [&](int64_t q) {
        NearestList& list = workspaces[0].lists[q];
        for (int64_t share = 1; share < shares.count; ++share) list.append(workspaces[share].lists[q], codes.ascending);
        output.write(first + q, list);
      });
    }
  });
}

}  // namespace

void hamming_search(const HammingCodes& codes, const HammingQueries& queries, int64_t k, int n_threads, int32_t* distances, int64_t* ids) {
  const SearchOutput output = {k, distances, ids};
  if (queries.n_queries == 0) return;
  n_threads = useful_threads(codes, queries, n_threads);
  const int64_t kept = std::max<int64_t>(1, std::min(k, codes.n_codes));  // lists need no more than there are codes
  const int64_t fitting = kCandidateBytes / (NearestList::capacity(kept) * static_cast<int64_t>(sizeof(Neighbour)));
  const int64_t block = std::clamp<int64_t>(fitting, 1, kQueryBlock);
  if (queries.n_queries < kQueriesPerThread * n_threads)
    return search_over_codes(codes, queries, kept, std::min(block, queries.n_queries), n_threads, output);
  search_over_queries(codes, queries, kept, std::min(block, divide_up(queries.n_queries, n_threads)), n_threads, output);
}

namespace {

using Found = std::vector<Neighbour>;

/// Results of one block of queries in one share of the codes, in the order of positions.
void range_task(const HammingCodes& codes, const uint64_t* queries, int64_t n_queries, int32_t largest, int64_t begin, int64_t end, Found* found) {
  Scanner scanner(codes);
  scanner.run(queries, n_queries, begin, end, [&](int64_t) { return largest; },
              [&](int64_t q, int64_t first, const HammingHits& hits, int64_t n_hits) {
                for (int64_t i = 0; i < n_hits; ++i) found[q].push_back({hits.distances[i], codes.id(first + hits.positions[i])});
              });
}

HammingRange join_range(std::vector<Found>& found, int64_t n_queries, int64_t n_shares, bool ascending) {
  HammingRange range;
  range.limits.assign(n_queries + 1, 0);
  for (int64_t q = 0; q < n_queries; ++q) {
    range.limits[q + 1] = range.limits[q];
    for (int64_t s = 0; s < n_shares; ++s) range.limits[q + 1] += static_cast<int64_t>(found[s * n_queries + q].size());
  }
  range.distances.reserve(range.limits[n_queries]);
  range.ids.reserve(range.limits[n_queries]);
  for (int64_t q = 0; q < n_queries; ++q) {
    Found all = std::move(found[q]);
    for (int64_t s = 1; s < n_shares; ++s) {
      Found part = std::move(found[s * n_queries + q]);
      all.insert(all.end(), part.begin(), part.end());
    }
    if (!ascending)
      std::sort(all.begin(), all.end(), [](const Neighbour& a, const Neighbour& b) { return a.id != b.id ? a.id < b.id : a.distance < b.distance; });
    for (const Neighbour& n : all) {
      range.distances.push_back(n.distance);
      range.ids.push_back(n.id);
    }
  }
  return range;
}

}  // namespace

HammingRange hamming_range(const HammingCodes& codes, const HammingQueries& queries, int32_t largest, int n_threads) {
  const int64_t n = queries.n_queries;
  n_threads = useful_threads(codes, queries, n_threads);
  const Shares shares = {codes.n_codes, n < kQueriesPerThread * n_threads ? n_threads : 1, tile_codes(codes.n_words)};
  const int64_t block = std::clamp<int64_t>(shares.count > 1 ? n : divide_up(n, n_threads), 1, kQueryBlock);
  const int64_t n_blocks = divide_up(n, block);
  std::vector<Found> found(shares.count * n);
  std::atomic<bool> out_of_memory{false};
  parallel_for(n_threads, n_blocks * shares.count, [&](int64_t task) {
    const int64_t first = task / shares.count * block, share = task % shares.count;
    try {
      range_task(codes, queries.words + first * codes.n_words, std::min(block, n - first), largest, shares.begin(share), shares.begin(share + 1),
                 found.data() + share * n + first);
    } catch (const std::bad_alloc&) {  // nothing may be thrown in a region
      out_of_memory = true;
    }
  });
  if (out_of_memory) throw std::bad_alloc();
  return join_range(found, n, shares.count, codes.ascending);
}

void hamming_distances(const HammingCodes& codes, const HammingQueries& queries, int n_threads, int32_t* out) {
  const int64_t step = tile_codes(codes.n_words), n_tiles = divide_up(codes.n_codes, step);
  const HammingKernels& kernels = hamming_kernels();
  parallel_for(useful_threads(codes, queries, n_threads), divide_up(queries.n_queries, kQueryBlock) * n_tiles, [&](int64_t task) {
    const int64_t first_query = task / n_tiles * kQueryBlock, first = task % n_tiles * step;
    const int64_t end_query = std::min(queries.n_queries, first_query + kQueryBlock);
    for (int64_t q = first_query; q < end_query; ++q)
      kernels.distances(queries.words + q * codes.n_words, codes.words + first * codes.n_words, std::min(step, codes.n_codes - first), codes.n_words,
                        out + q * codes.n_codes + first);
  });
}

}  // namespace udl
