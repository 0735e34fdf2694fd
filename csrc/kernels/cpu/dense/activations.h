#pragma once
// Activations and their derivatives, sixteen lanes at a time, and what finishes the sums of a
// product. Separate multiplies and adds: the same bits on every target.
#include "kernels/cpu/simd/simd.h"
#include "kernels/cpu/simd/vectors.h"
#include "kernels/dense/products.h"

namespace udl {
namespace {

/// 1 / (1 + e^-x). NaN for what is no finite number, so that a loss tells of it.
template <class Lanes>
UDL_ALWAYS_INLINE Lanes logistic(Lanes x) {
  const Lanes one = broadcast(1.0f);
  return one / (one + exp_negative(x)) + broadcast(0.0f) * x;
}

// tanh(x) = x + x^3 P(x^2) near 0, where e^-2x would cancel; the polynomial of Cephes tanhf
// (Moshier), whose error is below 1.5 units in the last place.
constexpr float kTanhNear = 0.625f;
constexpr int kTanhTerms = 5;
constexpr float tanh_coefficient(int i) {
  constexpr float kCoefficients[kTanhTerms] = {-5.70498872745e-3f, 2.06390887954e-2f,
                                               -5.37397155531e-2f, 1.33314422036e-1f,
                                               -3.33332819422e-1f};
  return kCoefficients[i];
}

/// NaN for what is no finite number.
UDL_ALWAYS_INLINE f32x16 hyperbolic_tangent(f32x16 x) {
  const f32x16 one = broadcast(1.0f), size = magnitude(x), z = x * x;
  f32x16 p = broadcast(tanh_coefficient(0));
  for (int i = 1; i < kTanhTerms; ++i) p = p * z + broadcast(tanh_coefficient(i));
  const f32x16 near = (p * z) * x + x;
  const f32x16 e = exp_negative(size + size);
  const f32x16 far = sign(x) * ((one - e) / (one + e)) + broadcast(0.0f) * x;
  return where_less(size, broadcast(kTanhNear), near, far);
}

template <Activation kActivation>
UDL_ALWAYS_INLINE f32x16 activated(f32x16 x) {
  if constexpr (kActivation == Activation::logistic) return logistic(x);
  if constexpr (kActivation == Activation::tanh) return hyperbolic_tangent(x);
  if constexpr (kActivation == Activation::relu) return max(broadcast(0.0f), x);
  return x;
}

/// f'(x) by y = f(x); that of relu at 0 is 0.
template <Activation kActivation>
UDL_ALWAYS_INLINE f32x16 derivative(f32x16 y) {
  const f32x16 zero = broadcast(0.0f), one = broadcast(1.0f);
  if constexpr (kActivation == Activation::logistic) return y * (one - y);
  if constexpr (kActivation == Activation::tanh) return one - y * y;
  if constexpr (kActivation == Activation::relu) return where_less(zero, y, one, zero);
  return one;
}

/// work(std::integral_constant<Activation, ..>) for an activation unit by unit.
template <class Work>
UDL_ALWAYS_INLINE void with_activation(Activation activation, Work&& work) {
  switch (activation) {
    case Activation::logistic:
      return work(std::integral_constant<Activation, Activation::logistic>{});
    case Activation::tanh:
      return work(std::integral_constant<Activation, Activation::tanh>{});
    case Activation::relu:
      return work(std::integral_constant<Activation, Activation::relu>{});
    default:
      return work(std::integral_constant<Activation, Activation::linear>{});
  }
}

/// Lanes of missing units in a panel become 0.
UDL_ALWAYS_INLINE void clear_missing(float* rows, int64_t n_rows, int64_t n_units, int64_t panel) {
  const int64_t present = n_units - panel * kTileUnits;
  if (present >= kTileUnits) return;
  for (int64_t r = 0; r < n_rows; ++r)
    for (int64_t k = present; k < kTileUnits; ++k) rows[r * kTileUnits + k] = 0.0f;
}

/// Row `first` of a panel, or null.
UDL_ALWAYS_INLINE const float* rows_of(const ConstUnitPanels& units, int64_t panel, int64_t first) {
  return units.values != nullptr ? units.panel(panel) + first * kTileUnits : nullptr;
}

#if defined(UDL_TARGET_AVX512)
constexpr int kLogisticRows = 4;  ///< side by side
#else
constexpr int kLogisticRows = 1;  // fewer registers, and more of them a vector
#endif

template <Activation kActivation>
UDL_ALWAYS_INLINE void activate_rows(const float* bias, const float* noise, int64_t n_rows,
                                     float* rows) {
  const f32x16 of_units = bias != nullptr ? load(bias) : broadcast(0.0f);
  const auto sum_of = [&](int64_t at) {
    const f32x16 x = load(rows + at) + of_units;
    return noise != nullptr ? x + load(noise + at) : x;
  };
  constexpr int64_t kStep = kLogisticRows * kTileUnits;
  const int64_t end = n_rows * kTileUnits;
  int64_t at = 0;
  if constexpr (kActivation == Activation::logistic)
    for (; at + kStep <= end; at += kStep) {
      Vectors<kLogisticRows> x;
      for (int k = 0; k < kLogisticRows; ++k) x.of[k] = sum_of(at + k * kTileUnits);
      x = logistic(x);
      for (int k = 0; k < kLogisticRows; ++k) store(rows + at + k * kTileUnits, x.of[k]);
    }
  for (; at < end; at += kTileUnits) store(rows + at, activated<kActivation>(sum_of(at)));
}

template <Activation kActivation>
UDL_ALWAYS_INLINE void derive_rows(const float* outputs, const float* scales, const float* term,
                                   int64_t n_rows, float* rows) {
  const f32x16 of_units = term != nullptr ? load(term) : broadcast(0.0f);
  for (int64_t at = 0; at < n_rows * kTileUnits; at += kTileUnits) {
    f32x16 error = load(rows + at);
    if (scales != nullptr) error = error * load(scales + at);
    store(rows + at, (error + of_units) * derivative<kActivation>(load(outputs + at)));
  }
}

/// Finishes sums in place: rows first .. first + n_rows - 1 of a panel of `out`.
UDL_NEVER_INLINE void finish_rows(const DenseFinish& finish, const UnitPanels& out, int64_t panel,
                                  int64_t first, int64_t n_rows) {
  float* rows = out.panel(panel) + first * kTileUnits;
  const auto of_panel = [&](const float* values) {
    return values != nullptr ? values + panel * kTileUnits : nullptr;
  };
  with_activation(finish.activation, [&](auto activation) {
    constexpr Activation kActivation = decltype(activation)::value;
    if (finish.outputs.values != nullptr)
      derive_rows<kActivation>(rows_of(finish.outputs, panel, first),
                               rows_of(finish.scales, panel, first), of_panel(finish.term), n_rows,
                               rows);
    else
      activate_rows<kActivation>(of_panel(finish.bias), rows_of(finish.noise, panel, first), n_rows,
                                 rows);
  });
  clear_missing(rows, n_rows, finish.n_units, panel);
}

}  // namespace
}  // namespace udl
