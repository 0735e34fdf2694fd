#pragma once
// log(1 + e^x) of the units of a tile, added up row by row: max(x, 0) is added, the factors
// 1 + e^-|x| are multiplied, so that many units share one logarithm.
#include <algorithm>

#include "kernels/cpu/rbm/units/bernoulli.h"
#include "kernels/cpu/rbm/units/decisions.h"
#include "kernels/cpu/rbm/units/draws.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

struct Plus {
  static UDL_ALWAYS_INLINE f32x16 combine(f32x16 a, f32x16 b) { return a + b; }
};
struct Times {
  static UDL_ALWAYS_INLINE f32x16 combine(f32x16 a, f32x16 b) { return a * b; }
};

/// All lanes of each of sixteen rows, put together in pairs, pairs of pairs, and so on. Rows come
/// by fours; of those that do not, totals mean nothing.
template <class Operation>
class RowTotals {
 public:
  /// Rows first .. first + 3, a multiple of 4.
  UDL_ALWAYS_INLINE void put(int64_t first, const f32x16 (&rows)[4]) {
    quarters_[first / 4] = pairs(pairs(rows[0], rows[1]), pairs(rows[2], rows[3]));
  }
  /// A vector over the rows.
  UDL_ALWAYS_INLINE f32x16 totals() const {
    i32x16 bits[4];
    for (int k = 0; k < 4; ++k) bits[k] = bits_of_float(quarters_[k]);
    transpose_quarters(bits);
    return Operation::combine(
        Operation::combine(float_from_bits(bits[0]), float_from_bits(bits[1])),
        Operation::combine(float_from_bits(bits[2]), float_from_bits(bits[3])));
  }

 private:
  static UDL_ALWAYS_INLINE f32x16 pairs(f32x16 a, f32x16 b) {
    return Operation::combine(even_of_quarters(a, b), odd_of_quarters(a, b));
  }

  /// Lane 4 q + r of each: quarter q of its row r.
  f32x16 quarters_[4] = {broadcast(0.0f), broadcast(0.0f), broadcast(0.0f), broadcast(0.0f)};
};

/// The terms of sixteen rows. A NaN stays one: the second operand of `max` decides then.
class BernoulliTerms {
 public:
  /// Rows first .. first + 3, given x and e^-|x| of their units.
  UDL_ALWAYS_INLINE void put(int64_t first, const f32x16 (&x)[4], const f32x16 (&exponentials)[4]) {
    f32x16 positives[4], factors[4];
    for (int k = 0; k < 4; ++k) {
      positives[k] = max(broadcast(0.0f), x[k]);
      factors[k] = broadcast(1.0f) + exponentials[k];
    }
    sums_.put(first, positives);
    products_.put(first, factors);
  }
  UDL_ALWAYS_INLINE void store_from(int64_t row, const UnitTerms& out) const {
    store(out.sums + row, sums_.totals());
    store(out.products + row, products_.totals());
  }

 private:
  RowTotals<Plus> sums_;
  RowTotals<Times> products_;
};

/// x and e^-|x| of four rows.
template <bool kExact>
UDL_ALWAYS_INLINE void four_rows(const UnitInput& in, int64_t row, f32x16 scale, f32x16 bias,
                                 f32x16 (&x)[4], f32x16 (&exponentials)[4]) {
  for (int k = 0; k < 4; ++k) {
    x[k] = preactivation<kExact>(in, row + k, scale, bias);
    exponentials[k] = exp_negative(magnitude(x[k]));
  }
}

template <bool kExact>
void log_term_rows(const UnitInput& in, const UnitTerms& out) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias);
  for (int64_t first = 0; first < in.rows; first += kTileUnits) {
    BernoulliTerms terms;
    for (int64_t row = first; row < std::min(in.rows, first + kTileUnits); row += 4) {
      f32x16 x[4], exponentials[4];
      four_rows<kExact>(in, row, scale, bias, x, exponentials);
      terms.put(row - first, x, exponentials);
    }
    terms.store_from(first, out);
  }
}

/// Two terms and samples of sums that are read once. e^-|x| of the terms decides which units fire
/// (decisions.h).
template <bool kExact>
void log_term_and_sample_rows(const UnitInput& before, const UnitInput& now,
                              const UnitTerms& terms_before, const UnitTerms& terms_now,
                              const UnitOutput& out) {
  const f32x16 scale_before = broadcast(before.scale), bias_before = load(before.bias);
  const f32x16 scale_now = broadcast(now.scale), bias_now = load(now.bias);
  const TileDraws of_tile(out.draw_key, out.tile);
  for (int64_t first = 0; first < now.rows; first += kTileUnits) {
    BernoulliTerms then, here;
    for (int64_t row = first; row < std::min(now.rows, first + kTileUnits); row += 4) {
      f32x16 x[4], exponentials[4];
      four_rows<kExact>(before, row, scale_before, bias_before, x, exponentials);
      then.put(row - first, x, exponentials);
      four_rows<kExact>(now, row, scale_now, bias_now, x, exponentials);
      here.put(row - first, x, exponentials);
      i32x16 draws[4];
      of_tile.rows(out.first_chain + static_cast<uint32_t>(row), draws);
      uint16_t bits[4];
      decide_by_exponentials(x, exponentials, draws, bits);
      for (int64_t k = 0; k < std::min<int64_t>(4, now.rows - row); ++k)
        set_tile_bits(out.sample_words + row + k, out.tile, bits[k]);
    }
    then.store_from(first, terms_before);
    here.store_from(first, terms_now);
  }
}

void bernoulli_log_terms_and_samples(const UnitInput& before, const UnitInput& now,
                                     const UnitTerms& terms_before, const UnitTerms& terms_now,
                                     const UnitOutput& out) {
  if (now.sums) return log_term_and_sample_rows<true>(before, now, terms_before, terms_now, out);
  log_term_and_sample_rows<false>(before, now, terms_before, terms_now, out);
}

void bernoulli_log_terms(const UnitInput& in, const UnitTerms& out) {
  if (in.sums) return log_term_rows<true>(in, out);
  log_term_rows<false>(in, out);
}

}  // namespace
}  // namespace udl
