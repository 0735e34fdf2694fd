#pragma once
// The scale that base/fixed.h asks for, found with as few looks at the weights as possible.
//
// At the next larger scale every integer is halved, up to a rounding: half-norms known at one scale
// bound those at all others. Only a norm within some hundreds of the limit leaves a doubt.
#include <cstdint>

#include "base/fixed.h"

namespace udl {

/// What scales are asked for.
struct ScaleRule {
  int64_t n_visible, n_hidden;
  bool narrow;  ///< for tables of 16 bits

  int32_t largest_integer() const;
  int64_t half_norm_limit() const;
  /// Aligned units of a row or a column whose half-norm is limited, a multiple of 64.
  int64_t block() const;
};

/// Bounds of the largest half-norm at one scale.
struct HalfNorm {
  static constexpr int64_t kUnbounded = INT64_MAX;

  int exponent;
  int64_t lower, upper;
};

class ScaleSearch {
 public:
  /// `largest_weight` is the largest magnitude, a finite number.
  ScaleSearch(const ScaleRule& rule, float largest_weight);

  void learn(const HalfNorm& known);
  bool found() const { return too_small_ + 1 == large_enough_; }
  /// The scale's exponent, once found; before, that whose half-norm is to be learned next. All
  /// integers are in range there.
  int exponent() const { return too_small_ + 1; }

 private:
  const int64_t limit_, n_summed_;
  int too_small_, large_enough_;  ///< exponents; what lies between is in doubt
};

}  // namespace udl
