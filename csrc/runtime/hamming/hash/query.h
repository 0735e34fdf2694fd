#pragma once
// One thread's searches through tables. Each either answers its query completely or gives it up,
// early enough that the scan which follows is hardly later for it.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "runtime/hamming/hash/prober.h"
#include "runtime/hamming/hash/search.h"
#include "runtime/hamming/nearest.h"
#include "runtime/hamming/scanner.h"
#include "runtime/memory/buffer.h"

namespace udl {

/// Share of a scan that may be lost on a query which is then scanned.
constexpr double kHashStake = 0.2;

class HammingHashQuery {
 public:
  /// scan_seconds: what the scan of one query would cost.
  HammingHashQuery(const HammingTables& tables, const HammingCodes& codes,
                   const HammingPrices& prices, double scan_seconds, HashPolicy policy)
      : tables_(tables),
        codes_(codes),
        prober_(tables, codes, prices),
        scan_seconds_(scan_seconds),
        policy_(policy),
        rows_(codes, kHammingMaxTile) {}

  /// An empty list for the k nearest codes; the next call takes it again.
  NearestList& empty_list(int64_t k) {
    entries_.resize(NearestList::limit(k) + kHammingMaxTile);
    counts_.resize(codes_.n_bits + 1);
    list_.reset(entries_.data(), counts_.data(), k, codes_.n_bits, false);
    return list_;
  }

  /// The k nearest codes, into `list`.
  bool nearest(const uint64_t* query, NearestList& list) {
    prober_.start(query);
    // The first round is a key a table: looked up together, since one key alone waits for every
    // miss. Where its buckets hold more codes than the stake pays for, one table after the other:
    // the codes of the first may show that the neighbours are near.
    for (int32_t t = 0, end = tables_.count(); t <= codes_.n_bits && !list.filled_within(t - 1);
         t = end++) {
      if (end > t + 1 && !nearest_in_steps(t, end, list)) end = t + 1;
      if (end == t + 1 && !nearest_in_steps(t, end, list)) return given_up();
    }
    scan_tail(
        query, [&] { return list.threshold(); },
        [&](int64_t first, int64_t n_hits) { list.append(hits_[0], n_hits, first, codes_); });
    return answered();
  }

  /// All codes at a distance <= largest, in the order of ids. `found` is empty before, and if the
  /// query is given up.
  bool within(const uint64_t* query, int32_t largest, std::vector<Neighbour>& found) {
    if (largest < 0) return true;
    prober_.start(query);
    for (int32_t t = 0; t <= largest; t += tables_.count()) {
      const bool paid =
          !is_dear(t, largest) &&
          prober_.steps(t, std::min(t + tables_.count(), largest + 1), largest,
                        budget_from(t, largest), [&](int64_t position, int32_t distance) {
                          found.push_back({distance, codes_.id(position)});
                        });
      if (paid) continue;
      found.clear();
      return given_up();
    }
    scan_tail(
        query, [&] { return largest; },
        [&](int64_t first, int64_t n_hits) {
          for (int64_t i = 0; i < n_hits; ++i)
            found.push_back({hits_[0].distances[i], codes_.id(first + hits_[0].positions[i])});
        });
    std::sort(found.begin(), found.end(),
              [](const Neighbour& a, const Neighbour& b) { return a.id < b.id; });
    return answered();
  }

 private:
  bool nearest_in_steps(int32_t first, int32_t last, NearestList& list) {
    return prober_.steps(
        first, last, list.threshold(), budget_from(first, list.bound()),
        [&](int64_t position, int32_t distance) { list.append({distance, codes_.id(position)}); });
  }

  double all_seconds(int32_t step, int32_t radius) const {
    return prober_.spent() + prober_.outlook(step, radius + 1);
  }

  /// What may have been spent after the next steps: a stake, or more where all steps up to `radius`
  /// seem to be cheaper than the scan.
  double budget_from(int32_t step, int32_t radius) const {
    constexpr double kGain = 0.8;  // in scans; less than 1, since the outlook may err
    if (policy_ == HashPolicy::always) return std::numeric_limits<double>::infinity();
    return (all_seconds(step, radius) <= kGain * scan_seconds_ ? 1.0 : kHashStake) * scan_seconds_;
  }

  /// True where a radius that is given, and will not shrink, costs more than the scan.
  bool is_dear(int32_t step, int32_t radius) const {
    return policy_ == HashPolicy::cheaper && all_seconds(step, radius) > scan_seconds_;
  }

  bool answered() {
    tables_.tally().n_answered.fetch_add(1, std::memory_order_relaxed);
    tables_.tally().n_asked.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  bool given_up() {
    HashTally& tally = tables_.tally();
    tally.n_asked.fetch_add(1, std::memory_order_relaxed);
    const double loss = prober_.spent() / scan_seconds_;
    if (loss > tally.largest_loss.load(std::memory_order_relaxed))
      tally.largest_loss.store(loss, std::memory_order_relaxed);
    return false;
  }

  template <class Threshold, class Found>
  void scan_tail(const uint64_t* query, Threshold&& threshold, Found&& found) {
    for (int64_t first = tables_.n_codes(); first < codes_.n_codes; first += kHammingMaxTile) {
      // The bitmap has words of 64 codes: the first piece is cut so that all others start with a
      // word.
      const int64_t aligned = first / kHammingBlock * kHammingBlock;
      scan_piece(query, first, std::min(codes_.n_codes, aligned + kHammingMaxTile), threshold,
                 found);
      first = aligned;
    }
  }

  template <class Threshold, class Found>
  void scan_piece(const uint64_t* query, int64_t first, int64_t end, Threshold& threshold,
                  Found& found) {
    const int64_t aligned = first / kHammingBlock * kHammingBlock;
    HammingScan scan = {query,         rows_.words(aligned, end - aligned),
                        end - aligned, codes_.n_words,
                        threshold(),   nullptr};
    std::vector<uint64_t>& allowed = tail_allowed_;
    allowed.assign(divide_up(end - aligned, kHammingBlock), ~uint64_t{0});
    if (codes_.allowed != nullptr)
      std::copy_n(codes_.allowed + aligned / kHammingBlock, allowed.size(), allowed.begin());
    allowed[0] &= ~uint64_t{0} << (first - aligned);
    scan.allowed = allowed.data();
    hits_.reserve(1);
    const int64_t n_hits = hamming_kernels().scan_rows(scan, hits_[0]);
    if (n_hits > 0) found(aligned, n_hits);
  }

  const HammingTables& tables_;
  const HammingCodes& codes_;
  HammingProber prober_;
  double scan_seconds_;
  HashPolicy policy_;
  HammingRows rows_;
  Buffer<HammingHits> hits_;
  std::vector<uint64_t> tail_allowed_;
  std::vector<Neighbour> entries_;
  std::vector<int64_t> counts_;
  NearestList list_;
};

}  // namespace udl
