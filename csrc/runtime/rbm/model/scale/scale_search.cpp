#include "runtime/rbm/model/scale/scale_search.h"

#include <algorithm>
#include <cmath>

#include "base/view.h"

namespace udl {
namespace {

/// Bounds of what a norm known at one exponent comes to at another: rounding moves each of n summed
/// integers by at most a half here and there. In doubles: where it matters they are exact to far
/// less than one.
struct NormElsewhere {
  double ratio, doubt;

  NormElsewhere(int from, int to, int64_t n_summed)
      : ratio(std::ldexp(1.0, from - to)),
        doubt(from == to ? 0 : 0.5 * static_cast<double>(n_summed) * (ratio + 1) + 1) {}

  double at_least(int64_t norm) const { return ratio * static_cast<double>(norm) - doubt; }
  double at_most(int64_t norm) const { return ratio * static_cast<double>(norm) + doubt; }
};

}  // namespace

int32_t ScaleRule::largest_integer() const {
  return narrow ? static_cast<int32_t>(kNarrowHalfNormLimit) : kMaxQuantised;
}

int64_t ScaleRule::half_norm_limit() const {
  return narrow ? kNarrowHalfNormLimit : kHalfNormLimit;
}

int64_t ScaleRule::block() const {
  return narrow ? kWordBits : round_up(std::max(n_visible, n_hidden), kWordBits);
}

ScaleSearch::ScaleSearch(const ScaleRule& rule, float largest_weight)
    : limit_(rule.half_norm_limit()), n_summed_(rule.block()), too_small_(kMinScaleExponent - 1) {
  const auto largest_at = [&](int exponent) { return largest_weight * power_of_two(-exponent); };
  while (!rounds_within(largest_at(too_small_ + 1), rule.largest_integer())) ++too_small_;
  large_enough_ = too_small_ + 1;
  const int64_t most = std::min(n_summed_, std::max(rule.n_visible, rule.n_hidden));
  while (most * round_to_int(largest_at(large_enough_)) >= limit_) ++large_enough_;
}

void ScaleSearch::learn(const HalfNorm& known) {
  const auto limit = static_cast<double>(limit_);
  const auto elsewhere = [&](int exponent) {
    return NormElsewhere(known.exponent, exponent, n_summed_);
  };
  while (!found() && elsewhere(exponent()).at_least(known.lower) >= limit) ++too_small_;
  if (known.upper == HalfNorm::kUnbounded) return;
  for (int e = exponent(); e < large_enough_; ++e)
    if (elsewhere(e).at_most(known.upper) < limit) large_enough_ = e;
}

}  // namespace udl
