#pragma once
// Elementary functions with the same bits on every target: separate multiply and add, never fma.
#include <cstdint>
#include <cstring>

#include "base/macros.h"

namespace udl {

// exp(y) = 2^n (1 + r + r^2 P(r)) with n = nearest(y / ln 2) and r = y - n ln 2, |r| <= 0.347.
// ln 2 is split in two (Cody and Waite): n * kLn2High is exact, so r keeps full precision.
// P is the degree-5 polynomial of Cephes expf (Moshier). Largest error measured: see
// docs/numerics.md.
constexpr float kExpArgumentMax = 89.0f;   ///< gives n = 128, whose scale is +inf
constexpr float kExpArgumentMin = -87.0f;  ///< keeps 2^n and the result normal numbers
constexpr float kLog2E = 0x1.715476p+0f;
constexpr float kLn2High = 0x1.63p-1f;       // 355 / 512
constexpr float kLn2Low = -0x1.bd0106p-13f;  // ln 2 - 355 / 512
constexpr float kRoundMagic = 12582912.0f;   // 1.5 * 2^23: adding it rounds to nearest even

constexpr int kExpTerms = 6;
/// Coefficients of P, that of the highest power first. A function: device code sees no arrays of
/// the host.
UDL_HD constexpr float exp_coefficient(int i) {
  constexpr float kCoefficients[kExpTerms] = {0x1.a0d2cep-13f, 0x1.6e879cp-10f, 0x1.1112100p-7f,
                                              0x1.555382p-5f,  0x1.555554p-3f,  0x1.000000p-1f};
  return kCoefficients[i];
}

/// e^-x in float32. +inf for x < -88.4 (so a unit with p = 0 never fires), e^87 at the other end;
/// NaN gives +inf, so a NaN pre-activation never fires either.
UDL_HD inline float exp_negative(float x) {
  float y = -x;
  y = y < kExpArgumentMax ? y : kExpArgumentMax;
  y = y > kExpArgumentMin ? y : kExpArgumentMin;
  const float n = (y * kLog2E + kRoundMagic) - kRoundMagic;
  const float r = (y - n * kLn2High) - n * kLn2Low;
  float p = exp_coefficient(0);
  for (int i = 1; i < kExpTerms; ++i) p = p * r + exp_coefficient(i);
  p = (p * (r * r) + r) + 1.0f;
  const int32_t exponent_bits = (static_cast<int32_t>(n) + 127) * (1 << 23);
  float two_to_n;
  std::memcpy(&two_to_n, &exponent_bits, sizeof two_to_n);
  return p * two_to_n;
}

// log(x) = n ln 2 + log(1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and log(1 + f) = f - f^2/2 +
// s (f^2/2 + R(s^2)) with s = f / (2 + f), R as in fdlibm's logf (Sun Microsystems; Cephes reduces
// alike). n * kLn2High is exact for |n| < 2^15.
constexpr int32_t kSqrtHalfBits = 0x3F3504F3;
constexpr int32_t kOneBits = 0x3F800000;
constexpr int kLogTerms = 4;
/// Coefficients of R, that of the lowest power first.
UDL_HD constexpr float log_coefficient(int i) {
  constexpr float kCoefficients[kLogTerms] = {0x1.555554p-1f, 0x1.999c26p-2f, 0x1.23d3dcp-2f,
                                              0x1.f13c4cp-3f};
  return kCoefficients[i];
}

/// log(x 2^power) in float32, x positive and normal, the power a whole number.
UDL_HD inline float log_scaled(float x, float power) {
  int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const int32_t shifted = bits + (kOneBits - kSqrtHalfBits), n = shifted / (1 << 23) - 127;
  bits -= n * (1 << 23);
  float f;
  std::memcpy(&f, &bits, sizeof f);
  f = f - 1.0f;
  const float s = f / (f + 2.0f), z = s * s;
  float r = log_coefficient(kLogTerms - 1);
  for (int i = kLogTerms - 2; i >= 0; --i) r = r * z + log_coefficient(i);
  const float half_square = 0.5f * f * f, total = static_cast<float>(n) + power;
  return ((((half_square + r * z) * s + total * kLn2Low) - half_square) + f) + total * kLn2High;
}

}  // namespace udl
