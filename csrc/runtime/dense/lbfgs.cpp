#include "runtime/dense/lbfgs.h"

#include <algorithm>
#include <numeric>

#include "base/view.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kBlock = 4096;  ///< of values, which stay in a core's first cache
constexpr int kSums = 8;          ///< that run side by side in a block

template <class Real>
double dot_of_block(const Real* a, const double* b, int64_t n) {
  double sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums)
    for (int k = 0; k < kSums; ++k) sums[k] += static_cast<double>(a[i + k]) * b[i + k];
  for (; i < n; ++i) sums[0] += static_cast<double>(a[i]) * b[i];
  return std::accumulate(sums, sums + kSums, 0.0);
}

/// What one thread does of the two loops. All find the same numbers between passes.
template <class Real>
class Direction {
 public:
  Direction(Team& team, int64_t n, double* values, std::vector<double>* sums)
      : team_(team), n_(n), values_(values), sums_(sums) {}

  /// The product of `by` and the values, which before that become (values + factor * added) *
  /// scale, unless `added` is null; 0 where `by` is null.
  double pass(double factor, const Real* added, double scale, const Real* by) {
    std::vector<double>& sums = sums_[n_passes_++ % 2];  // others may still add up the last ones
    team_.for_each(divide_up(n_, kBlock), [&](int64_t block) {
      const int64_t first = block * kBlock, count = std::min(kBlock, n_ - first);
      double* values = values_ + first;
      if (added != nullptr)
        for (int64_t i = 0; i < count; ++i)
          values[i] = (values[i] + factor * static_cast<double>(added[first + i])) * scale;
      if (by != nullptr) sums[block] = dot_of_block(by + first, values, count);
    });
    return by == nullptr ? 0 : std::accumulate(sums.begin(), sums.end(), 0.0);
  }

 private:
  Team& team_;
  int64_t n_;
  double* values_;
  std::vector<double>* sums_;
  int n_passes_ = 0;
};

template <class Real>
double squared_norm(const Real* values, int64_t n) {
  double sum = 0;
  std::vector<double> block(kBlock);
  for (int64_t first = 0; first < n; first += kBlock) {
    const int64_t count = std::min(kBlock, n - first);
    std::copy_n(values + first, count, block.begin());
    sum += dot_of_block(values + first, block.data(), count);
  }
  return sum;
}

}  // namespace

template <class Real>
void lbfgs_direction(const std::vector<CurvaturePair<Real>>& pairs, int64_t n, double* values,
                     const Run& run) {
  const int last = static_cast<int>(pairs.size()) - 1;
  const double scale = pairs[last].curvature / squared_norm(pairs[last].change, n);
  std::vector<double> sums[2];
  for (std::vector<double>& of_pass : sums) of_pass.resize(divide_up(n, kBlock));
  parallel_region(run, [&](Team& team) {
    Direction<Real> direction(team, n, values, sums);
    std::vector<double> shares(pairs.size());
    double product = direction.pass(0, nullptr, 1, pairs[last].step);
    for (int i = last; i >= 0; --i) {
      shares[i] = product / pairs[i].curvature;
      product = i > 0 ? direction.pass(-shares[i], pairs[i].change, 1, pairs[i - 1].step)
                      : direction.pass(-shares[i], pairs[i].change, scale, pairs[i].change);
    }
    for (int i = 0; i <= last; ++i) {
      const double factor = shares[i] - product / pairs[i].curvature;
      product = i < last ? direction.pass(factor, pairs[i].step, 1, pairs[i + 1].change)
                         : direction.pass(factor, pairs[i].step, -1, nullptr);
    }
  });
}

template void lbfgs_direction(const std::vector<CurvaturePair<float>>&, int64_t, double*,
                              const Run&);
template void lbfgs_direction(const std::vector<CurvaturePair<double>>&, int64_t, double*,
                              const Run&);

}  // namespace udl
