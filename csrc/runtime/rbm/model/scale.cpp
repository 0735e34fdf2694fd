#include "runtime/rbm/model/scale.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/fixed.h"

namespace udl {
namespace {

/// Sums of positive and of negative integers.
struct HalfSums {
  int64_t positive = 0, negative = 0;
  void add(int64_t z) { (z > 0 ? positive : negative) += z > 0 ? z : -z; }
  int64_t larger() const { return std::max(positive, negative); }
};

float largest_weight(const PanelMatrix& weights) {
  float largest = 0;
  for (int64_t t = 0; t < weights.n_panels(); ++t)
    for (int64_t k = 0; k < weights.panel_stride(); ++k) {
      const float magnitude = std::fabs(weights.panel(t)[k]);
      if (!std::isfinite(magnitude)) throw_invalid("weights are not finite: lower learning_rate");
      largest = std::max(largest, magnitude);
    }
  return largest;
}

/// Largest half-norm of `block` aligned units of a row or a column at scale 2^exponent; block is a
/// multiple of 16.
int64_t half_norm(const PanelMatrix& weights, int exponent, int64_t block) {
  const float inverse = power_of_two(-exponent);
  std::vector<HalfSums> rows(weights.n_visible());
  int64_t largest = 0;
  for (int64_t t = 0; t < weights.n_panels(); ++t) {
    if (t * kTileUnits % block == 0) std::fill(rows.begin(), rows.end(), HalfSums{});
    HalfSums columns[kTileUnits];
    for (int64_t i = 0; i < weights.n_visible(); ++i) {
      if (i % block == 0) std::fill(columns, columns + kTileUnits, HalfSums{});
      for (int k = 0; k < kTileUnits; ++k) {
        const int32_t z = round_to_int(weights.panel(t)[i * kTileUnits + k] * inverse);
        columns[k].add(z);
        rows[i].add(z);
        largest = std::max(largest, columns[k].larger());
      }
      largest = std::max(largest, rows[i].larger());
    }
  }
  return largest;
}

}  // namespace

int weight_scale_exponent(const PanelMatrix& weights, bool narrow) {
  const int32_t largest_integer = narrow ? kNarrowHalfNormLimit : kMaxQuantised;
  const int64_t limit = narrow ? kNarrowHalfNormLimit : kHalfNormLimit;
  const int64_t whole = round_up(std::max(weights.n_visible(), weights.n_hidden()), kTileUnits);
  const int64_t block = narrow ? kWordBits : whole;
  const float largest = largest_weight(weights);
  int exponent = kMinScaleExponent;
  while (!rounds_within(largest * power_of_two(-exponent), largest_integer)) ++exponent;
  while (half_norm(weights, exponent, block) >= limit) ++exponent;
  return exponent;
}

}  // namespace udl
