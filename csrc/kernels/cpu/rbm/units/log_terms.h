#pragma once
// log(1 + e^x) of the units of a tile, added up row by row: max(x, 0) is added, the factors
// 1 + e^-|x| are multiplied, so that many units share one logarithm.
#include <algorithm>

#include "kernels/cpu/rbm/units/bernoulli.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Both parts of sixteen rows, their lanes still apart: [row][lane]. Rows that are not there have
/// the parts 0 and 1.
struct TermLanes {
  alignas(64) float positives[kTileUnits * kTileUnits];
  alignas(64) float factors[kTileUnits * kTileUnits];

  UDL_ALWAYS_INLINE void put(int row, f32x16 positive, f32x16 factor) {
    store(positives + row * kTileUnits, positive);
    store(factors + row * kTileUnits, factor);
  }
};

/// All lanes of each row, in pairs, pairs of pairs, and so on: a vector over the rows.
template <class Combine>
UDL_ALWAYS_INLINE f32x16 over_pairs(const float* lanes, Combine&& combine) {
  f32x16 quarters[4];
  for (int q = 0; q < 4; ++q) {
    f32x16 four[4];
    load_columns(lanes + 4 * q, kTileUnits, four);
    quarters[q] = combine(combine(four[0], four[1]), combine(four[2], four[3]));
  }
  return combine(combine(quarters[0], quarters[1]), combine(quarters[2], quarters[3]));
}

/// A NaN stays one: the second operand of `max` decides then.
template <bool kExact>
void log_term_rows(const UnitInput& in, const UnitTerms& out) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias), zero = broadcast(0.0f),
               one = broadcast(1.0f);
  const auto plus = [](f32x16 a, f32x16 b) { return a + b; };
  const auto times = [](f32x16 a, f32x16 b) { return a * b; };
  TermLanes lanes;
  for (int64_t first = 0; first < in.rows; first += kTileUnits) {
    const int valid = static_cast<int>(std::min<int64_t>(kTileUnits, in.rows - first));
    for (int k = 0; k < valid; ++k) {
      const f32x16 x = preactivation<kExact>(in, first + k, scale, bias);
      lanes.put(k, max(zero, x), one + exp_negative(magnitude(x)));
    }
    for (int k = valid; k < kTileUnits; ++k) lanes.put(k, zero, one);
    store(out.sums + first, over_pairs(lanes.positives, plus));
    store(out.products + first, over_pairs(lanes.factors, times));
  }
}

void bernoulli_log_terms(const UnitInput& in, const UnitTerms& out) {
  if (in.sums) return log_term_rows<true>(in, out);
  log_term_rows<false>(in, out);
}

}  // namespace
}  // namespace udl
