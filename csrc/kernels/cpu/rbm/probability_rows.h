#pragma once
// Probabilities as integers, row by row as the gradient's sums over a minibatch walk them.
#include <algorithm>

#include "base/fixed.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Probabilities of the batch, 16-bit fixed point; those of the negative phase are subtracted.
struct GradientRows {
  static constexpr bool kMayBeFar = false;
  const int32_t* probabilities;
  int64_t first_negative;  ///< counted from row 0 of this word

  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const {
    const i32x16 p = load(probabilities + k * kTileUnits);
    return k < first_negative ? p : broadcast(0) - p;
  }
  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
  int32_t largest_negative() const { return 0; }
};

/// Probabilities in 10 bits, for tables of 16 bits: min(1023, (p + d) >> 6). The offset d walks
/// through 0 .. 63 with the rows of a phase (37 is odd, so 64 rows take every value once) from one
/// that is drawn for each minibatch. So the mean over a batch, and over batches of any length, is
/// unbiased up to p = 1023 / 1024, where plain rounding would lose all probabilities below 1 /
/// 2048. What p exceeds 1023 / 1024 by is cut off, always: up to 2^-10 of the gradient of a unit
/// that is saturated. Two such phases lose it alike; against a phase of real values (grey data,
/// whose probabilities are not cut) the weights of the unit grow by 2^-10 mean(v) too much.
struct DitheredRows {
  static constexpr bool kMayBeFar = false;
  const int32_t* probabilities;
  int64_t first, first_negative;  ///< row of the product this word starts with; first_negative
                                  ///< counts from there
  int32_t first_offset;           ///< of row 0 of each phase

  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const {
    constexpr int32_t kOne = 1 << kNarrowProbabilityShift;
    const int64_t row_of_phase = k < first_negative ? first + k : k - first_negative;
    const auto offset = static_cast<int32_t>((first_offset + row_of_phase * 37) % kOne);
    const i32x16 p = load(probabilities + k * kTileUnits) + broadcast(offset);
    const i32x16 dithered =
        min(shift_right_logical<kNarrowProbabilityShift>(p), broadcast(kLargest));
    return k < first_negative ? dithered : broadcast(0) - dithered;
  }
  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
  /// The sum of all rows of the word that are subtracted is no larger.
  int32_t largest_negative() const {
    const int64_t rows = kWordBits - std::clamp<int64_t>(first_negative, 0, kWordBits);
    return static_cast<int32_t>(rows) * kLargest;
  }

  static constexpr int32_t kLargest = (1 << (kProbabilityBits - kNarrowProbabilityShift)) - 1;
};

}  // namespace
}  // namespace udl
