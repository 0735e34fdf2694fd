#pragma once
// How far weights are from where they were, for whoever watches learning.
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace udl {

/// Euclidean norms over all weights of a model, and the largest magnitude.
struct WeightChange {
  double change = 0;   ///< |W - W_before|
  double size = 0;     ///< |W|
  double largest = 0;  ///< max |w|
};

/// Sums in double, in one order for all targets and thread counts: kLanes partial sums over values
/// k, k + kLanes, ...
class WeightChangeSum {
 public:
  static constexpr int kLanes = 16;

  template <class Real>
  void add(const Real* now, const Real* before, int64_t n) {
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int k = 0; k < kLanes; ++k) add_value(k, now[i + k], before[i + k]);
    for (; i < n; ++i) add_value(static_cast<int>(i % kLanes), now[i], before[i]);
  }

  WeightChange result() const {
    WeightChange out;
    for (int k = 0; k < kLanes; ++k) {
      out.change += change_[k];
      out.size += size_[k];
      out.largest = std::max(out.largest, largest_[k]);
    }
    out.change = std::sqrt(out.change);
    out.size = std::sqrt(out.size);
    return out;
  }

 private:
  void add_value(int lane, double now, double before) {
    change_[lane] += (now - before) * (now - before);
    size_[lane] += now * now;
    largest_[lane] = std::max(largest_[lane], std::fabs(now));
  }

  double change_[kLanes] = {}, size_[kLanes] = {}, largest_[kLanes] = {};
};

}  // namespace udl
