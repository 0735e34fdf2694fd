#pragma once
// Hidden units in double: what each kind adds to minus the free energy at an input x, and its mean.
//
// The first is log of the sum or integral over the unit's states s of e^(x s - base energy of s),
// the second its derivative (base/units.h).
#include <cmath>
#include <cstdint>

#include "base/units.h"
#include "runtime/rbm/model/units/softplus.h"

namespace udl {

constexpr double kHalfLog2Pi = 0.91893853320467274178;  ///< log(2 pi) / 2

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// 1 / (y + 2 / (y + 3 / (y + ...))), for y >= 2: there 80 terms are as exact as double.
inline double mills_tail(double y) {
  double tail = y;
  for (int k = 80; k >= 2; --k) tail = y + k / tail;
  return 1 / tail;
}

/// Mills' ratio of the normal distribution: the probability of more than y over the density at y.
/// From y = 2 on by its continued fraction 1 / (y + 1 / (y + 2 / ...)).
inline double mills_ratio(double y) {
  if (y >= 2) return 1 / (y + mills_tail(y));
  return 0.5 * std::erfc(y / std::sqrt(2.0)) * std::exp(y * y / 2 + kHalfLog2Pi);
}

/// log of mills_ratio(y), whose exponential overflows far below 0.
inline double log_mills_ratio(double y) {
  if (y >= -8) return std::log(mills_ratio(y));
  return y * y / 2 + kHalfLog2Pi + std::log1p(-0.5 * std::erfc(-y / std::sqrt(2.0)));
}

inline double hidden_log_sum(UnitKind kind, double x) {
  if (kind == UnitKind::gaussian) return x * x / 2 + kHalfLog2Pi;
  if (kind == UnitKind::relu) return log_mills_ratio(-x);
  return softplus(x);
}

/// Of a normal unit cut off below 0: x + density(x) / P(less than x), without cancellation.
inline double relu_mean(double x) {
  if (x <= -2) return mills_tail(-x);
  return x > 8 ? x : x + 1 / mills_ratio(-x);  // what is left out is below 1e-14
}

inline double hidden_mean(UnitKind kind, double x) {
  if (kind == UnitKind::gaussian) return x;
  if (kind == UnitKind::relu) return relu_mean(x);
  return sigmoid(x);
}

/// hidden_log_sum of n inputs, added in order; of Bernoulli units by softplus_sum.
inline double hidden_log_sums(UnitKind kind, const double* x, int64_t n) {
  if (kind == UnitKind::bernoulli) return softplus_sum(x, n);
  double sum = 0;
  for (int64_t j = 0; j < n; ++j) sum += hidden_log_sum(kind, x[j]);
  return sum;
}

}  // namespace udl
