#pragma once
// One thread's searches through tables. Each either answers its query completely or gives up within
// its budget.
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

class HammingHashQuery {
 public:
  /// scan_seconds: what the scan of one query would cost.
  HammingHashQuery(const HammingTables& tables, const HammingCodes& codes, double scan_seconds,
                   HashPolicy policy)
      : tables_(tables),
        codes_(codes),
        prober_(tables, codes),
        scan_seconds_(scan_seconds),
        policy_(policy),
        rows_(codes, kHammingMaxTile),
        hits_(1) {}

  /// The k nearest codes, into `list`.
  bool nearest(const uint64_t* query, NearestList& list) {
    prober_.start(query, budget());
    // The first round is a key a table: looked up together, since one key alone waits for every
    // miss.
    for (int32_t t = 0, end = tables_.count(); t <= codes_.n_bits && !list.filled_within(t - 1);
         t = end++) {
      const bool paid =
          prober_.steps(t, end, list.threshold(), [&](int64_t position, int32_t distance) {
            list.append({distance, codes_.id(position)});
          });
      if (!paid) return settle(false);
    }
    scan_tail(
        query, [&] { return list.threshold(); },
        [&](int64_t first, int64_t n_hits) { list.append(hits_[0], n_hits, first, codes_); });
    return settle(true);
  }

  /// All codes at a distance <= largest, in the order of ids. `found` is empty before, and if the
  /// query is given up.
  bool within(const uint64_t* query, int32_t largest, std::vector<Neighbour>& found) {
    if (largest < 0) return true;
    if (hamming_hash_seconds(0, codes_.n_bits, tables_.count(), largest) > budget()) return false;
    prober_.start(query, budget());
    for (int32_t t = 0; t <= largest; t += tables_.count()) {
      const bool paid = prober_.steps(t, std::min(t + tables_.count(), largest + 1), largest,
                                      [&](int64_t position, int32_t distance) {
                                        found.push_back({distance, codes_.id(position)});
                                      });
      if (paid) continue;
      found.clear();
      return settle(false);
    }
    scan_tail(
        query, [&] { return largest; },
        [&](int64_t first, int64_t n_hits) {
          for (int64_t i = 0; i < n_hits; ++i)
            found.push_back({hits_[0].distances[i], codes_.id(first + hits_[0].positions[i])});
        });
    std::sort(found.begin(), found.end(),
              [](const Neighbour& a, const Neighbour& b) { return a.id < b.id; });
    return settle(true);
  }

 private:
  double budget() const {
    return policy_ == HashPolicy::always ? std::numeric_limits<double>::infinity()
                                         : std::min(scan_seconds_, tables_.credit());
  }

  /// A query that is scanned regains a little credit: codes or queries may have changed.
  bool settle(bool answered) {
    constexpr double kRegained = 0.01;
    tables_.add_credit((answered ? scan_seconds_ : kRegained * scan_seconds_) - prober_.spent());
    return answered;
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
};

}  // namespace udl
