#pragma once
// The penalty on hidden units whose mean activation m is not the target: KL(target || m), the
// divergence of two Bernoulli variables in nats.
#include <algorithm>
#include <cmath>

#include "base/macros.h"

namespace udl {

/// Means are kept from 0 and 1, where the divergence is infinite: float32 gets there.
constexpr double kSmallestMean = 1e-7;

UDL_HD inline double kept_within(double mean) {
  return mean < kSmallestMean ? kSmallestMean : mean > 1 - kSmallestMean ? 1 - kSmallestMean : mean;
}

inline double bernoulli_divergence(double target, double mean) {
  const double m = kept_within(mean);
  const double on = target > 0 ? target * std::log(target / m) : 0.0;
  const double off = target < 1 ? (1 - target) * std::log((1 - target) / (1 - m)) : 0.0;
  return on + off;
}

/// Its derivative by the mean.
UDL_HD inline double bernoulli_divergence_slope(double target, double mean) {
  const double m = kept_within(mean);
  return (1 - target) / (1 - m) - target / m;
}

}  // namespace udl
