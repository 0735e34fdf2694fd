#pragma once
// The epilogue of a product for units that are normal numbers: x = scale * sum + bias, mean and
// sample of x, one draw a unit, and the logarithm of the integral over a unit's states. A kind says
// what these are (gaussian.h, relu.h).
#include <algorithm>

#include "kernels/cpu/rbm/units/bernoulli.h"
#include "kernels/cpu/rbm/units/draws.h"
#include "kernels/cpu/rbm/units/log_terms.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Four rows at a time, which share a call of the random numbers; means of padding rows are zero.
template <class Unit, bool kExact>
void activate_real_rows(const UnitInput& in, const UnitOutput& out, const Unit& unit) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias), zero = broadcast(0.0f);
  const f32x16 factors = out.factors ? load(out.factors) : broadcast(1.0f);
  const TileDraws of_tile(out.draw_key, out.tile);
  for (int64_t first = 0; first < in.rows; first += 4) {
    const int64_t valid = std::min<int64_t>(4, in.rows - first);
    i32x16 draws[4];
    if (out.samples) of_tile.rows(out.first_chain + static_cast<uint32_t>(first), draws);
    for (int64_t k = 0; k < 4; ++k) {
      const bool is_row = k < valid;
      const f32x16 x = is_row ? preactivation<kExact>(in, first + k, scale, bias) : zero;
      if (out.means) store(out.means + (first + k) * kTileUnits, is_row ? unit.mean(x) : zero);
      if (out.samples && is_row)
        store(out.samples + (first + k) * out.sample_stride, unit.sample(x, draws[k]) * factors);
    }
  }
}

template <class Unit>
void activate_real(const UnitInput& in, const UnitOutput& out, const Unit& unit) {
  if (in.sums) return activate_real_rows<Unit, true>(in, out, unit);
  activate_real_rows<Unit, false>(in, out, unit);
}

/// All of a unit's part is added; products are 1.
template <class Unit, bool kExact>
void real_log_term_rows(const UnitInput& in, const UnitTerms& out, const Unit& unit) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias);
  const f32x16 zero = broadcast(0.0f), one = broadcast(1.0f);
  for (int64_t first = 0; first < in.rows; first += kTileUnits) {
    RowTotals<Plus> sums;
    for (int64_t row = first; row < std::min(in.rows, first + kTileUnits); row += 4) {
      f32x16 four[4];
      for (int k = 0; k < 4; ++k)
        four[k] = row + k < in.rows ? unit.log_sum(preactivation<kExact>(in, row + k, scale, bias))
                                    : zero;
      sums.put(row - first, four);
    }
    store(out.sums + first, sums.totals());
    store(out.products + first, one);
  }
}

template <class Unit>
void real_log_terms(const UnitInput& in, const UnitTerms& out, const Unit& unit) {
  if (in.sums) return real_log_term_rows<Unit, true>(in, out, unit);
  real_log_term_rows<Unit, false>(in, out, unit);
}

}  // namespace
}  // namespace udl
