#pragma once
// The weight update of one panel, with the norms that fix the next fixed-point scale and, on
// request, the integers of the new weights. Sums of a short minibatch are made here, in registers.
#include <algorithm>

#include "kernels/cpu/rbm/products.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Norms of the new weights, gathered while they are in registers.
struct PanelNorms {
  f32x16 inverse_scale;
  i32x16 largest_bits = broadcast(0);
  i32x16 positive = broadcast(0), negative = broadcast(0);

  UDL_ALWAYS_INLINE void add_largest(f32x16 weights) {
    largest_bits = max(largest_bits, magnitude_bits(weights));
  }

  UDL_ALWAYS_INLINE void add_half_norms(const PanelUpdate& u, int64_t row, i32x16 z) {
    const i32x16 zero = broadcast(0);
    const i32x16 up = shift_right_logical<kNormShift>(max(z, zero));
    const i32x16 down = shift_right_logical<kNormShift>(max(zero - z, zero));
    positive = positive + up;
    negative = negative + down;
    if (!u.row_norms) return;
    int32_t* row_norms = u.row_norms + row * kTileUnits;
    const i32x16 sums = pair_sums(up, down);
    store(row_norms, u.add_row_norms ? load(row_norms) + sums : sums);
  }
};

/// What an update does beyond adding integer sums.
template <bool kWithMomentum, bool kWithMore>
struct UpdateRule {
  static constexpr bool kMomentum = kWithMomentum;
  static constexpr bool kMore =
      kWithMore;  ///< float sums, rank-one terms, decay, or no integer sums
};

/// Integer sums that are there; null where there are none.
struct StoredSums {
  const int32_t* sums;

  UDL_ALWAYS_INLINE void four(int64_t i, i32x16 (&out)[4]) const {
    for (int k = 0; k < 4; ++k) out[k] = sums ? load(sums + (i + k) * kTileUnits) : broadcast(0);
  }
};

/// Sums of a short batch, looked up as they are needed.
template <class Entries>
struct TableSums {
  const typename Entries::Element* tables;
  const uint64_t* words;
  int64_t n_groups;
  int32_t largest_negative;

  UDL_ALWAYS_INLINE void four(int64_t i, i32x16 (&out)[4]) const {
    typename Entries::Vector found[4];
    uint64_t rest[4];
    for (int k = 0; k < 4; ++k) {
      found[k] = Entries::zero();
      rest[k] = words[i + k];
    }
    const typename Entries::Element* table = tables;
    for (int64_t g = 0; g < n_groups; ++g, table += 16 * kTileUnits) {
      for (int k = 0; k < 4; ++k) {
        found[k] = found[k] + load(table + (rest[k] & 15) * kTileUnits);
        rest[k] >>= 4;
      }
    }
    for (int k = 0; k < 4; ++k) out[k] = widen(Entries{}, found[k], largest_negative);
  }
};

template <class Rule>
UDL_ALWAYS_INLINE f32x16 panel_gradient(const PanelUpdate& u, int64_t i, i32x16 sums, f32x16 w) {
  const f32x16 exact = to_float(sums) * broadcast(u.sums_factor);
  if constexpr (!Rule::kMore) return exact;
  f32x16 g = u.sums || u.short_batch ? exact : broadcast(0.0f);
  if (u.float_sums) g = g + load(u.float_sums + i * kTileUnits);
  for (int t = 0; t < u.n_terms; ++t)
    g = g + broadcast(u.terms[t].visible[i]) * load(u.terms[t].hidden);
  return g - broadcast(u.weight_decay) * w - broadcast(u.l1) * sign(w);
}

/// Row i, and its part of the norms; `integers` is its integer row or null.
template <class Rule>
UDL_ALWAYS_INLINE void update_row(const PanelUpdate& u, int64_t i, i32x16 sums, int32_t* integers,
                                  PanelNorms& norms) {
  float* weights = u.weights + i * kTileUnits;
  const f32x16 w = load(weights);
  f32x16 step = broadcast(u.learning_rate) * panel_gradient<Rule>(u, i, sums, w);
  if constexpr (Rule::kMomentum) {
    step = broadcast(u.momentum) * load(u.velocity + i * kTileUnits) + step;
    store(u.velocity + i * kTileUnits, step);
  }
  const f32x16 updated = w + step;
  store(weights, updated);
  norms.add_largest(updated);
  const i32x16 z = quantise(updated, norms.inverse_scale);
  if (integers) store(integers, z);
  if (u.column_norms) norms.add_half_norms(u, i, z);
}

/// Rows first .. last - 1, all of one chunk of integer rows, first being a multiple of four. The
/// update and the norms are copies: no store changes what registers hold.
template <class Rule, class Sums>
PanelNorms update_rows(const PanelUpdate u, const Sums source, int64_t first, int64_t last,
                       PanelNorms norms) {
  int32_t* integers = u.integers ? u.integers + integer_row(first) : nullptr;
  const auto update = [&](int64_t i, i32x16 sums) {
    update_row<Rule>(u, i, sums, integers ? integers + (i - first) * kTileUnits : nullptr, norms);
  };
  int64_t i = first;
  i32x16 sums[4];
  for (; i + 4 <= last; i += 4) {
    source.four(i, sums);
    update(i, sums[0]);
    update(i + 1, sums[1]);
    update(i + 2, sums[2]);
    update(i + 3, sums[3]);
  }
  if (i == last) return norms;
  source.four(i, sums);
  for (int64_t k = 0; i + k < last; ++k) update(i + k, sums[k]);
  return norms;
}

template <class Rule, class Sums>
PanelNorms update_all(const PanelUpdate& u, const Sums& source) {
  PanelNorms norms{broadcast(u.inverse_scale)};
  for (int64_t first = 0; first < u.n_visible; first += kListColumns)
    norms = update_rows<Rule>(u, source, first, std::min(u.n_visible, first + kListColumns), norms);
  return norms;
}

/// Builds the tables of a short batch.
template <class Entries, class Rows>
TableSums<Entries> sums_of(const ShortBatch& batch, const Rows& rows) {
  auto* tables = tables_of<Entries, Fours>(batch.scratch);
  const int64_t n_groups = divide_up(batch.units.columns, 4);
  for (int64_t g = 0; g < n_groups; ++g)
    build_four<Entries>(4 * g, tables + (g << 4) * kTileUnits, rows);
  return {tables, batch.units.words, n_groups, rows.largest_negative()};
}

/// Chooses where the integer gradient comes from.
template <class Rule>
PanelNorms update_by(const PanelUpdate& u) {
  if (!u.short_batch) return update_all<Rule>(u, StoredSums{u.sums});
  const ShortBatch& batch = *u.short_batch;
  if (batch.rounding.narrow)
    return update_all<Rule>(
        u, sums_of<NarrowEntries<false>>(
               batch, DitheredRows{batch.probabilities_fixed, 0, batch.first_negative,
                                   batch.rounding.first_offset}));
  return update_all<Rule>(u, sums_of<WideEntries>(batch, GradientRows{batch.probabilities_fixed,
                                                                      batch.first_negative}));
}

PanelNorms update_weights(const PanelUpdate& u) {
  const bool more = (!u.sums && !u.short_batch) || u.float_sums || u.n_terms > 0 ||
                    u.weight_decay != 0 || u.l1 != 0;
  if (u.velocity)
    return more ? update_by<UpdateRule<true, true>>(u) : update_by<UpdateRule<true, false>>(u);
  return more ? update_by<UpdateRule<false, true>>(u) : update_by<UpdateRule<false, false>>(u);
}

void update_panel(const PanelUpdate& u) {
  const PanelNorms norms = update_weights(u);
  store(u.largest_bits, norms.largest_bits);
  if (!u.column_norms) return;
  store(u.column_norms, norms.positive);
  store(u.column_norms + kTileUnits, norms.negative);
}

/// Sum of the partial norms of a row; rows beyond the end are zero.
UDL_ALWAYS_INLINE i32x16 total_row_norm(const int32_t* const* row_norms, int n_partials,
                                        int64_t row, int64_t n_rows) {
  i32x16 sum = broadcast(0);
  for (int p = 0; row < n_rows && p < n_partials; ++p)
    sum = sum + load(row_norms[p] + row * kTileUnits);
  return sum;
}

/// Four rows at a time: after the transpose of quarters, quarter k of the sum belongs to row k.
int64_t largest_row_norm(const int32_t* const* row_norms, int n_partials, int64_t n_visible) {
  int64_t largest = 0;
  for (int64_t first = 0; first < n_visible; first += 4) {
    i32x16 rows[4];
    for (int k = 0; k < 4; ++k)
      rows[k] = total_row_norm(row_norms, n_partials, first + k, n_visible);
    transpose_quarters(rows);
    int32_t lanes_of_rows[kTileUnits];
    store(lanes_of_rows, rows[0] + rows[1] + rows[2] + rows[3]);
    for (int k = 0; k < kTileUnits; k += 2)
      largest = std::max(largest, int64_t{lanes_of_rows[k]} + lanes_of_rows[k + 1]);
  }
  return largest;
}

}  // namespace
}  // namespace udl
