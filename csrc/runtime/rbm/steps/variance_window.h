#pragma once
// How both engines learn log sigma^2 of Gaussian visible units: by means over windows of many
// minibatches. A minibatch is a poor judge of a variance where data are skewed: most lack the rare
// large values and say that sigma is too large, and few say by much that it is too small. Bounding
// what these say would leave sigma too small for good; not bounding it would throw sigma about.
//
// With g the derivative of the log-likelihood with respect to log sigma^2, a minibatch has the
// target sigma^2 (1 + 2 g): without weights the mean square of v - b, whatever sigma is. At the end
// of a window sigma^2 is to go a share of the way to the mean target of its rows. It starts with
// that minibatch and goes on in even steps of its logarithm through the next window, so that hidden
// biases, which inputs W v / sigma^2 depend on, keep up. A window of one minibatch makes its step
// at once, and that is the gradient's: sigma^2 times 1 + learning_rate g.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/data/minibatches.h"
#include "runtime/rbm/model/units/units.h"

namespace udl {

/// Fewer rows are one window; more are windows of about as many. The mean square of 16,384 values,
/// of which one in 400 is 20 standard deviations away, has a standard error of 16 %, of which the
/// share below leaves 9 %, half of that in sigma.
constexpr int64_t kVarianceWindowRows = 1 << 14;
/// Of the way to the target, at most: what weights and chains make of a target wavers, too.
constexpr double kLargestVarianceShare = 0.5;
/// Of sigma^2 in a window. The share alone goes down to a half; this is for starts from far away
/// and for targets below 0, which chains far from equilibrium give.
constexpr double kLeastVarianceFactor = 0.25, kLargestVarianceFactor = 16;

/// The windows of a training call.
class VarianceWindows {
 public:
  /// Where a minibatch is: how many there are from it to the end of its window, which is 1 of the
  /// last; and the minibatches and rows of the window.
  struct Place {
    int64_t left, size, rows;
  };

  explicit VarianceWindows(const Minibatches& minibatches) : minibatches_(minibatches) {
    const Minibatch end = minibatches[minibatches.count()];
    const int64_t n_windows = std::max<int64_t>(1, end.first / kVarianceWindowRows);
    length_ = std::max<int64_t>(1, divide_up(minibatches.count(), n_windows));
  }

  Place operator[](int64_t index) const {
    const int64_t first = index - index % length_,
                  end = std::min(first + length_, minibatches_.count());
    return {end - index, end - first, minibatches_[end].first - minibatches_[first].first};
  }

 private:
  const Minibatches& minibatches_;
  int64_t length_ = 1;
};

/// log of the factor by which sigma^2 is to change; `ratio` is the target over sigma^2. As many
/// steps of the gradient as the window has minibatches would go that share of the way.
inline double variance_move(double ratio, double learning_rate, int64_t n_minibatches) {
  const double left =
      std::pow(std::max(0.0, 1 - learning_rate / 2), static_cast<double>(n_minibatches));
  const double share = std::min(kLargestVarianceShare, 1 - left);
  return std::log(
      std::clamp(1 + share * (ratio - 1), kLeastVarianceFactor, kLargestVarianceFactor));
}

/// One of `n` even steps of what log sigma^2 is yet to move.
template <class Real>
void move_on(Real& log_variance, Real& ahead, int64_t n) {
  const Real step = ahead / static_cast<Real>(n);
  constexpr auto kLargest = static_cast<Real>(kLargestLogVariance);
  log_variance = std::clamp(log_variance + step, -kLargest, kLargest);
  ahead = n == 1 ? 0 : ahead - step;
}

/// One minibatch of `n_rows` rows for one unit. `targets` sums those of the window's rows, and
/// `variance` is sigma^2 = e^log_variance as it was in the minibatch.
template <class Real>
void learn_variance(Real& log_variance, Real& ahead, double& targets, double variance,
                    double gradient, int64_t n_rows, double learning_rate,
                    const VarianceWindows::Place& at) {
  targets += static_cast<double>(n_rows) * variance * (1 + 2 * gradient);
  move_on(log_variance, ahead, at.left);
  if (at.left > 1) return;
  const double mean = targets / static_cast<double>(at.rows);
  const double ratio = mean * std::exp(-static_cast<double>(log_variance));
  ahead = static_cast<Real>(variance_move(ratio, learning_rate, at.size));
  targets = 0;
  move_on(log_variance, ahead, at.size);
}

}  // namespace udl
