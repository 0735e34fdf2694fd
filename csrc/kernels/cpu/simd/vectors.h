#pragma once
// A few vectors of sixteen lanes side by side. What is done to one is done to the others before the
// next step: a long function of one vector alone waits for its own steps most of the time.
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

template <int kCount>
struct Vectors {
  f32x16 of[kCount];

  Vectors() = default;
  /// The same in all.
  UDL_ALWAYS_INLINE Vectors(f32x16 one) {
    for (f32x16& each : of) each = one;
  }

  friend UDL_ALWAYS_INLINE Vectors operator+(const Vectors& a, const Vectors& b) {
    return by_pairs(a, b, [](f32x16 x, f32x16 y) { return x + y; });
  }
  friend UDL_ALWAYS_INLINE Vectors operator-(const Vectors& a, const Vectors& b) {
    return by_pairs(a, b, [](f32x16 x, f32x16 y) { return x - y; });
  }
  friend UDL_ALWAYS_INLINE Vectors operator*(const Vectors& a, const Vectors& b) {
    return by_pairs(a, b, [](f32x16 x, f32x16 y) { return x * y; });
  }
  friend UDL_ALWAYS_INLINE Vectors operator/(const Vectors& a, const Vectors& b) {
    return by_pairs(a, b, [](f32x16 x, f32x16 y) { return x / y; });
  }
  friend UDL_ALWAYS_INLINE Vectors min(const Vectors& a, const Vectors& b) {
    return by_pairs(a, b, [](f32x16 x, f32x16 y) { return min(x, y); });
  }
  friend UDL_ALWAYS_INLINE Vectors max(const Vectors& a, const Vectors& b) {
    return by_pairs(a, b, [](f32x16 x, f32x16 y) { return max(x, y); });
  }
  friend UDL_ALWAYS_INLINE Vectors power_of_two(const Vectors& shifted) {
    return one_by_one(shifted, [](f32x16 x) { return power_of_two(x); });
  }
  friend UDL_ALWAYS_INLINE Vectors magnitude(const Vectors& a) {
    return one_by_one(a, [](f32x16 x) { return magnitude(x); });
  }
  friend UDL_ALWAYS_INLINE Vectors log_scale(const Vectors& a) {
    return one_by_one(a, [](f32x16 x) { return log_scale(x); });
  }
  friend UDL_ALWAYS_INLINE Vectors log_mantissa(const Vectors& a) {
    return one_by_one(a, [](f32x16 x) { return log_mantissa(x); });
  }

 private:
  template <class Function>
  static UDL_ALWAYS_INLINE Vectors one_by_one(const Vectors& a, Function&& f) {
    Vectors found;
    for (int k = 0; k < kCount; ++k) found.of[k] = f(a.of[k]);
    return found;
  }
  template <class Function>
  static UDL_ALWAYS_INLINE Vectors by_pairs(const Vectors& a, const Vectors& b, Function&& f) {
    Vectors found;
    for (int k = 0; k < kCount; ++k) found.of[k] = f(a.of[k], b.of[k]);
    return found;
  }
};

}  // namespace
}  // namespace udl
