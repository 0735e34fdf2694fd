#pragma once
// The kernels of a search, one function each, and the device memory they share.
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/cuda/hamming/arrays.h"
#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/hamming/place.h"
#include "runtime/cuda/hamming/codes.h"

namespace udl::cuda {

/// Steps of a search for one block of queries. Memory is kept for the next block and the next
/// search. A step that returns what the host asks for has waited for it; the others have been
/// begun, in order.
class HammingSteps {
 public:
  explicit HammingSteps(Driver& driver);

  /// Copies of a bitmap and of queries, for sets.
  const uint32_t* upload_allowed(const uint64_t* words, int64_t n_codes);
  /// Of n queries, rows 0 .. n - 1 or those of these numbers.
  const uint32_t* take_queries(const HammingCodeStore& codes, const HammingRows& rows, int64_t n,
                               const int64_t* numbers = nullptr);
  /// A copy of numbers of rows on the device, until the next.
  const int64_t* upload_numbers(const int64_t* numbers, int64_t n);

  /// Histograms of all queries of the set.
  void count(const HammingSet& set);
  /// Copies the histograms out: n_queries rows of n_bits + 1.
  void read_counts(const HammingSet& set, uint32_t* to);
  /// Limits from the histograms: those of the k nearest; none for queries with more than `most`
  /// codes as near.
  void limit_to_nearest(const HammingSet& set, int64_t k,
                        uint32_t most = std::numeric_limits<uint32_t>::max());
  /// The same limit for all queries, with all codes at it.
  void limit_to(const HammingSet& set, int32_t distance);

  /// Lists of all codes within the limits, in any order; longer ones than kHammingListRoom are cut.
  /// Returns how many codes each query found.
  const std::vector<uint32_t>& collect(const HammingSet& set);
  /// The same by products of bits, for codes that have a filter and queries that were uploaded.
  const std::vector<uint32_t>& filter(const HammingSet& set, const HammingCodeStore& codes);
  /// The k nearest of few queries, as `rank` keeps them, where no more codes than a list holds lie
  /// as near as the last of them. Returns how many do for each query. Codes of less than
  /// kHammingSharedBins bits.
  const std::vector<uint32_t>& select(const HammingSet& set, int64_t k);
  /// Counts, chunk by chunk, the codes within the limits. Returns how many each query found.
  const std::vector<uint32_t>& tally(const HammingSet& set);
  /// Writes the codes that `tally` counted for the queries first .. first + n - 1, in the order of
  /// positions: those of query first + i from entry starts[i] on, the last of them before entry
  /// `end`.
  void place(const HammingSet& set, int64_t first, const std::vector<int64_t>& starts, int64_t end);

  /// Puts the lists of n queries in order, each in `room` entries, and keeps the k first of each.
  void rank(int64_t n, int64_t room, int64_t k);
  /// Copies n entries out: of what `place` wrote, or of what `rank` kept.
  const std::vector<uint64_t>& read_placed(int64_t n);
  const std::vector<uint64_t>& read_ranked(int64_t n);

  /// Writes an answer on the device from what `rank` kept, of which `to.keys` is made.
  void answer_ranked(HammingAnswer to);
  /// Puts n keys of the host where `rank` keeps its own.
  void set_ranked(const std::vector<uint64_t>& keys);

  int64_t device_bytes() const;

 private:
  const std::vector<uint32_t>& read_found(int64_t n_queries);
  const std::vector<uint64_t>& read_keys(const DeviceBuffer<uint64_t>& from, int64_t n);
  HammingLimits limits() { return {limits_.data(), ties_.data()}; }

  Driver& driver_;
  DeviceBuffer<uint32_t> queries_, allowed_, counts_, found_, tickets_;
  DeviceBuffer<uint16_t> distances_;
  DeviceBuffer<int32_t> limits_, ties_, needs_;
  DeviceBuffer<HammingTally> tallies_;
  DeviceBuffer<int64_t> starts_, numbers_;
  DeviceBuffer<uint64_t> keys_, ranked_;
  std::vector<uint32_t> found_here_;  ///< copies of the host
  std::vector<uint64_t> keys_here_;
};

}  // namespace udl::cuda
