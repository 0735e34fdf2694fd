#pragma once
// Standard normal draws: the inverse of the normal distribution at one 32-bit draw, in float32 with
// the same bits on every target.
//
// A draw r stands for the probability (r + 1/2) 2^-32. Half way up is split off first, so that both
// the distance from the middle, |x|, and that from the nearer end, q, keep 24 bits: nothing cancels
// from the median out to the last draws at 6.3 standard deviations. With w = -log(4 q (1 - q)),
// which is 0 in the middle and 21.5 at the end, the result is x P(w) for small w, and x P(sqrt(w))
// beyond (M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2011). The
// coefficients are those of a minimax fit of our own to the range of 32-bit draws; their error and
// that of float32 together: docs/numerics.md.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/macros.h"
#include "base/math.h"

namespace udl {

constexpr uint32_t kMedianDraw = 0x80000000u;
constexpr int32_t kLargestDistance = 0x7FFFFFFF;  ///< of a draw from the middle, in units of 2^-32
constexpr float kDrawUnit = 0x1p-32f;

constexpr float kNormalTail = 6.25f;       ///< w from which the second fit serves: 0.1 % of draws
constexpr float kNormalCentre = 3.0f;      ///< P is in powers of w - 3,
constexpr float kNormalTailCentre = 3.5f;  ///< or of sqrt(w) - 3.5
constexpr int kNormalTerms = 10;
constexpr int kNormalTailTerms = 9;
/// Coefficients of P, that of the highest power first.
UDL_HD constexpr float normal_coefficient(int i) {
  constexpr float kCoefficients[kNormalTerms] = {
      -0x1.ebbe3ap-27f, -0x1.2702c6p-27f, 0x1.4f2facp-20f, -0x1.6a09eap-18f, -0x1.2cb296p-15f,
      0x1.220b08p-11f,  -0x1.36050ap-9f,  -0x1.09f096p-6f, 0x1.5deb10p-1f,   0x1.25e47cp+2f};
  return kCoefficients[i];
}
UDL_HD constexpr float normal_tail_coefficient(int i) {
  constexpr float kCoefficients[kNormalTailTerms] = {
      0x1.9a80c8p-14f, -0x1.2ebeecp-11f, 0x1.602d46p-10f, -0x1.0566f6p-9f, 0x1.8e5c7cp-9f,
      -0x1.7cd96ep-8f, 0x1.2ffd84p-7f,   0x1.6cb4cap+1f,  0x1.2de4cap+3f};
  return kCoefficients[i];
}

/// The standard normal number that a draw stands for; odd about the middle of the draws.
UDL_HD inline float normal_from_bits(uint32_t bits) {
  const auto offset = static_cast<int32_t>(bits ^ kMedianDraw);  // from the middle
  const int32_t size = offset < 0 ? ~offset : offset;
  const float x = (static_cast<float>(size) + 0.5f) * kDrawUnit;
  const float q = (static_cast<float>(size ^ kLargestDistance) + 0.5f) * kDrawUnit;
  const float w = 0.0f - log_scaled((q * 4.0f) * (1.0f - q), 0.0f);
  float p;
  if (w < kNormalTail) {
    const float t = w - kNormalCentre;
    p = normal_coefficient(0);
    for (int i = 1; i < kNormalTerms; ++i) p = p * t + normal_coefficient(i);
  } else {
    const float t = std::sqrt(w) - kNormalTailCentre;
    p = normal_tail_coefficient(0);
    for (int i = 1; i < kNormalTailTerms; ++i) p = p * t + normal_tail_coefficient(i);
  }
  const float normal = p * x;
  return offset < 0 ? 0.0f - normal : normal;
}

}  // namespace udl
