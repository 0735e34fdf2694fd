#pragma once
// Exact search by Hamming distance: k nearest, all within a radius, all distances. Neighbours are
// ordered by (distance, id), so results do not depend on threads, tiles or CPU target.
#include <atomic>
#include <cstdint>
#include <vector>

#include "runtime/threads/run.h"

namespace udl {

/// Words of a row of n_bytes bytes: a number for which kernels are made, so 1, 2, 4, 8 or 16 as far
/// as these reach.
constexpr int64_t hamming_row_words(int64_t n_bytes) {
  for (int64_t n = 1; n <= 16; n *= 2) {
    if (n_bytes <= 8 * n) return n;
  }
  return (n_bytes + 7) / 8;
}

/// Codes as packed rows of n_bytes = n_bits / 8 bytes, one behind the other; the byte order is that
/// of the machine, which is little-endian.
struct HammingCodes {
  const uint8_t* bytes;
  int64_t n_codes;
  int64_t n_bytes;
  int64_t n_words;  ///< of a row as kernels read it: hamming_row_words(n_bytes)
  int32_t n_bits;
  const int64_t* ids;       ///< id of each code; null: its position
  bool ascending;           ///< ids never decrease; true for positions
  const uint64_t* allowed;  ///< bitmap over positions of the codes to search; null: all

  /// True if rows can be read as words where they lie.
  bool in_words() const {
    return n_bytes == 8 * n_words && reinterpret_cast<std::uintptr_t>(bytes) % 8 == 0;
  }
  int64_t id(int64_t position) const { return ids != nullptr ? ids[position] : position; }
};

struct HammingQueries {
  const uint64_t* words;  ///< rows of HammingCodes::n_words words; bits beyond n_bits are zero
  int64_t n_queries;
};

constexpr int32_t kNoDistance = 2147483647;  ///< fills results that do not exist, with id -1
constexpr int64_t kNoId = -1;

// Functions end early, with results that mean nothing, once run.stopped(). They throw
// std::bad_alloc where memory does not suffice.

/// The k >= 1 nearest codes of each query: distances and ids are rows of k, one for a query. Query
/// q writes row rows[q]; null: row q.
void hamming_search(const HammingCodes& codes, const HammingQueries& queries, int64_t k,
                    const Run& run, int32_t* distances, int64_t* ids,
                    const int64_t* rows = nullptr);

struct HammingRange {
  std::vector<int64_t> limits;  ///< results of query q: limits[q] .. limits[q + 1] - 1
  std::vector<int32_t> distances;
  std::vector<int64_t> ids;
};

/// Every code at a distance of at most `largest`, in the order of ids within a query.
HammingRange hamming_range(const HammingCodes& codes, const HammingQueries& queries,
                           int32_t largest, const Run& run);

struct HammingPairs {
  std::vector<int64_t> first, second;  ///< ids, the smaller one first
  std::vector<int32_t> distances;
};

/// The share of a work that is done, from 0 to 1; read by the thread that called.
class Progress {
 public:
  double load() const noexcept { return share_.load(); }
  /// Threads may report in another order than they counted: the share never falls.
  void reach(double share) noexcept {
    double seen = share_.load();
    while (seen < share && !share_.compare_exchange_weak(seen, share)) {
    }
  }

 private:
  std::atomic<double> share_{0.0};
};

/// Every pair of codes at a distance of at most `largest`, in the order of (first, second). The
/// bitmap has no part in it.
HammingPairs hamming_pairs(const HammingCodes& codes, int32_t largest, const Run& run,
                           Progress& progress);

/// out[q * n_codes + c] = distance of query q and code c. Ids and the bitmap have no part in it.
void hamming_distances(const HammingCodes& codes, const HammingQueries& queries, const Run& run,
                       int32_t* out);

/// out[q * (n_bits + 1) + d] = number of codes at distance d of query q.
void hamming_histogram(const HammingCodes& codes, const HammingQueries& queries, const Run& run,
                       int64_t* out);

}  // namespace udl
