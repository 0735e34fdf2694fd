#pragma once
// The products of dense layers on one row, and activations, in the order in which anybody would
// write them down.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/dense/shape.h"

namespace udl {

/// y (n_columns) += x (n_rows) A; rows of A are added in order, and zeros of x skipped.
template <class Real>
void add_product(const Real* x, const Real* a, int64_t n_rows, int64_t n_columns, Real* y) {
  for (int64_t r = 0; r < n_rows; ++r) {
    const Real x_r = x[r];
    if (x_r == 0) continue;
    for (int64_t c = 0; c < n_columns; ++c) y[c] += x_r * a[r * n_columns + c];
  }
}

/// Sums of every eighth product, which are added at the end.
template <class Real>
Real dot(const Real* a, const Real* b, int64_t n) {
  constexpr int kLanes = 8;
  Real sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int k = 0; k < kLanes; ++k) sums[k] += a[i + k] * b[i + k];
  for (int k = 0; i < n; ++i, ++k) sums[k] += a[i] * b[i];
  Real total = 0;
  for (const Real sum : sums) total += sum;
  return total;
}

/// y (n_rows) += A x (n_columns).
template <class Real>
void add_transposed_product(const Real* x, const Real* a, int64_t n_rows, int64_t n_columns,
                            Real* y) {
  for (int64_t r = 0; r < n_rows; ++r) y[r] += dot(a + r * n_columns, x, n_columns);
}

template <class Real>
Real logistic(Real z) {
  if (z >= 0) return 1 / (1 + std::exp(-z));
  const Real e = std::exp(z);
  return e / (1 + e);
}

/// log(1 + e^z).
template <class Real>
Real softplus_of(Real z) {
  return std::max(z, Real{0}) + std::log1p(std::exp(-std::fabs(z)));
}

/// log of the sum of e^z.
template <class Real>
Real log_sum_exp(const Real* z, int64_t n) {
  const Real largest = *std::max_element(z, z + n);
  Real sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(z[i] - largest);
  return largest + std::log(sum);
}

/// In place.
template <class Real>
void activate(Activation activation, Real* z, int64_t n) {
  switch (activation) {
    case Activation::linear:
      return;
    case Activation::logistic:
      for (int64_t i = 0; i < n; ++i) z[i] = logistic(z[i]);
      return;
    case Activation::tanh:
      for (int64_t i = 0; i < n; ++i) z[i] = std::tanh(z[i]);
      return;
    case Activation::relu:
      for (int64_t i = 0; i < n; ++i) z[i] = z[i] < 0 ? Real{0} : z[i];  // NaN stays NaN
      return;
    case Activation::softmax: {
      const Real total = log_sum_exp(z, n);
      for (int64_t i = 0; i < n; ++i) z[i] = std::exp(z[i] - total);
      return;
    }
  }
}

/// The derivative f'(z), told by y = f(z); softmax has none of its own.
template <class Real>
Real slope(Activation activation, Real y) {
  switch (activation) {
    case Activation::logistic:
      return y * (1 - y);
    case Activation::tanh:
      return 1 - y * y;
    case Activation::relu:
      return y > 0 ? Real{1} : Real{0};
    default:
      return 1;
  }
}

}  // namespace udl
