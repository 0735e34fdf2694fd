#pragma once
// log(1 + e^x): what a hidden unit with the input x adds to minus the free energy.
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace udl {

/// Without overflow.
inline double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

/// Of n values. Factors 1 + e^-|x| <= 2 are multiplied, so 512 of them share one logarithm.
inline double softplus_sum(const double* x, int64_t n) {
  double sum = 0;
  for (int64_t first = 0; first < n; first += 512) {
    double product = 1, positive = 0;
    for (int64_t i = first; i < std::min(n, first + 512); ++i) {
      positive += std::max(x[i], 0.0);
      product *= 1 + std::exp(-std::fabs(x[i]));
    }
    sum += positive + std::log(product);
  }
  return sum;
}

}  // namespace udl
