#pragma once
// Selection of the nearest codes, in the one order of neighbours: (distance, id).
#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/hamming.h"
#include "runtime/hamming/codes.h"

namespace udl {

struct Neighbour {
  int32_t distance;
  int64_t id;
  bool operator<(const Neighbour& other) const {
    return distance != other.distance ? distance < other.distance : id < other.id;
  }
};

/// Selects the k nearest of a stream of codes by counting distances: entries hold what may still be
/// among them, and the bound is the smallest distance within which k of them lie.
class NearestList {
 public:
  /// Entries kept before the list is compacted: more than k, so that a compaction costs O(1) for
  /// each entry.
  static int64_t limit(int64_t k) { return 2 * k + 64; }

  /// `entries`: room for limit(k) and the hits of one call more; `counts`: n_bits + 1. `ascending`:
  /// codes come in the order of their ids.
  void reset(Neighbour* entries, int64_t* counts, int64_t k, int32_t n_bits, bool ascending) {
    entries_ = entries;
    counts_ = counts;
    k_ = k;
    bound_ = n_bits;
    ascending_ = ascending;
    size_ = within_ = 0;
    std::fill_n(counts, n_bits + 1, int64_t{0});
  }

  /// Codes beyond it cannot be among the k nearest. Where ids ascend, neither can ties with the
  /// last of k.
  int32_t threshold() const { return bound_ - (ascending_ && within_ >= k_ ? 1 : 0); }
  int64_t size() const { return std::min(within_, k_); }
  /// The smallest distance known within which k codes lie; n_bits while there are less.
  int32_t bound() const { return bound_; }

  /// A code that comes in no order of ids: the list must have been reset so.
  void append(const Neighbour& code) {
    push(code);
    if (size_ > limit(k_)) compact();
  }
  /// True if k codes at a distance <= radius are in the list.
  bool filled_within(int32_t radius) const { return within_ >= k_ && bound_ <= radius; }

  void append(const HammingHits& hits, int64_t n_hits, int64_t first, const HammingCodes& codes) {
    for (int64_t i = 0; i < n_hits; ++i)
      push({hits.distances[i], codes.id(first + hits.positions[i])});
    if (size_ > limit(k_)) compact();
  }
  void append(const NearestList& later) {
    for (int64_t i = 0; i < later.size_; ++i) append(later.entries_[i]);
  }

  /// The size() nearest in order.
  void write(int32_t* distances, int64_t* ids) {
    compact();
    int64_t start = 0;
    for (int32_t d = 0; d <= bound_; ++d) {
      std::fill_n(distances + start, counts_[d], d);
      start += std::exchange(counts_[d], start);  // from here on where the next of distance d goes
    }
    for (int64_t i = 0; i < size_; ++i) ids[counts_[entries_[i].distance]++] = entries_[i].id;
    if (ascending_) return;
    start = 0;
    for (int32_t d = 0; d <= bound_; start = counts_[d++]) std::sort(ids + start, ids + counts_[d]);
  }

 private:
  void push(const Neighbour& code) {
    if (code.distance > threshold()) return;
    entries_[size_++] = code;
    ++counts_[code.distance];
    ++within_;
    for (; within_ - counts_[bound_] >= k_; --bound_) within_ -= counts_[bound_];
  }

  /// Keeps what is nearer than the bound and, of the codes at the bound, those with the smallest
  /// ids.
  void compact() {
    int64_t ties = std::min(within_, k_) - (within_ - counts_[bound_]);
    Neighbour* const end = std::remove_if(entries_, entries_ + size_,
                                          [&](const Neighbour& n) { return n.distance > bound_; });
    size_ = end - entries_;
    if (size_ > k_ && !ascending_) std::nth_element(entries_, entries_ + k_, end);
    if (size_ > k_ && ascending_)
      size_ =
          std::remove_if(entries_, end,
                         [&](const Neighbour& n) { return n.distance == bound_ && ties-- <= 0; }) -
          entries_;
    size_ = std::min(size_, k_);
    counts_[bound_] -= within_ - size_;
    within_ = size_;
  }

  Neighbour* entries_ = nullptr;
  int64_t* counts_ =
      nullptr;  ///< entries at each distance up to the bound; above it they are stale
  int64_t k_ = 0, size_ = 0;
  int64_t within_ = 0;  ///< entries within the bound
  int32_t bound_ = 0;
  bool ascending_ = false;
};

}  // namespace udl
