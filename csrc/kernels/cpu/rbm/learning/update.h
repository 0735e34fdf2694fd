#pragma once
// The weight update of one panel, with the norms that fix the next fixed-point scale and, on
// request, the integers of the new weights. Sums of a short minibatch are made here, in registers.
#include <algorithm>

#include "kernels/cpu/rbm/integer_rows.h"
#include "kernels/cpu/rbm/learning/update_norms.h"
#include "kernels/cpu/rbm/probability_rows.h"
#include "kernels/cpu/rbm/table_product.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

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

/// What is gathered of the new weights while they are in registers.
template <class Norms>
struct Gathered {
  f32x16 inverse_scale;
  i32x16 largest_bits = broadcast(0);
  Norms norms{};
};

/// Row first + k, and what is gathered of it; `integers` is its integer row or null.
template <class Rule, class Norms>
UDL_ALWAYS_INLINE void update_row(const PanelUpdate& u, int64_t first, int k, i32x16 sums,
                                  int32_t* integers, Gathered<Norms>& gathered) {
  const int64_t i = first + k;
  float* weights = u.weights + i * kTileUnits;
  const f32x16 w = load(weights);
  f32x16 step = broadcast(u.learning_rate) * panel_gradient<Rule>(u, i, sums, w);
  if constexpr (Rule::kMomentum) {
    step = broadcast(u.momentum) * load(u.velocity + i * kTileUnits) + step;
    store(u.velocity + i * kTileUnits, step);
  }
  const f32x16 updated = w + step;
  store(weights, updated);
  gathered.largest_bits = max(gathered.largest_bits, magnitude_bits(updated));
  const i32x16 z = quantise(updated, gathered.inverse_scale);
  if (integers) store(integers, z);
  gathered.norms.add(u, first, k, z);
}

/// Rows first .. first + count - 1, count <= 4; `integers` are those of row `first`, or null.
template <class Rule, class Norms, class Sums>
UDL_ALWAYS_INLINE void update_four(const PanelUpdate& u, const Sums& source, int64_t first,
                                   int64_t count, int32_t* integers, Gathered<Norms>& gathered) {
  i32x16 sums[4];
  source.four(first, sums);
  gathered.norms.begin_four();
  for (int k = 0; k < 4; ++k)
    if (k < count)
      update_row<Rule>(u, first, k, sums[k], integers ? integers + k * kTileUnits : nullptr,
                       gathered);
  gathered.norms.end_four(u, first);
}

/// Rows first .. last - 1, all of one chunk of integer rows, first being a multiple of four. The
/// update and what is gathered are copies: no store changes what registers hold.
template <class Rule, class Norms, class Sums>
Gathered<Norms> update_rows(const PanelUpdate u, const Sums source, int64_t first, int64_t last,
                            Gathered<Norms> gathered) {
  int32_t* integers = u.integers ? u.integers + integer_row(first) : nullptr;
  const auto of_row = [&](int64_t i) {
    return integers ? integers + (i - first) * kTileUnits : nullptr;
  };
  int64_t i = first;
  for (; i + 4 <= last; i += 4) update_four<Rule>(u, source, i, 4, of_row(i), gathered);
  if (i < last) update_four<Rule>(u, source, i, last - i, of_row(i), gathered);
  gathered.norms.end_chunk();
  return gathered;
}

template <class Rule, class Norms, class Sums>
void update_all(const PanelUpdate& u, const Sums& source) {
  Gathered<Norms> gathered{broadcast(u.inverse_scale)};
  for (int64_t first = 0; first < u.n_visible; first += kListColumns)
    gathered =
        update_rows<Rule>(u, source, first, std::min(u.n_visible, first + kListColumns), gathered);
  store(u.largest_bits, gathered.largest_bits);
  gathered.norms.store_in(u);
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
void update_wide(const PanelUpdate& u) {
  if (!u.short_batch) return update_all<Rule, WideNorms>(u, StoredSums{u.sums});
  const ShortBatch& batch = *u.short_batch;
  update_all<Rule, WideNorms>(u, sums_of<WideEntries>(batch, GradientRows{batch.probabilities_fixed,
                                                                          batch.first_negative}));
}

template <class Rule>
void update_narrow(const PanelUpdate& u) {
  if (!u.short_batch) return update_all<Rule, NarrowHalfNorms>(u, StoredSums{u.sums});
  const ShortBatch& batch = *u.short_batch;
  update_all<Rule, NarrowHalfNorms>(
      u, sums_of<NarrowEntries<false>>(
             batch, DitheredRows{batch.probabilities_fixed, 0, batch.first_negative,
                                 batch.rounding.first_offset}));
}

template <bool kMomentum, bool kMore>
void update_by_norms(const PanelUpdate& u) {
  using Rule = UpdateRule<kMomentum, kMore>;
  if (u.narrow_norms.rows) return update_narrow<Rule>(u);
  update_wide<Rule>(u);
}

void update_panel(const PanelUpdate& u) {
  const bool more = (!u.sums && !u.short_batch) || u.float_sums || u.n_terms > 0 ||
                    u.weight_decay != 0 || u.l1 != 0;
  if (u.velocity) return more ? update_by_norms<true, true>(u) : update_by_norms<true, false>(u);
  more ? update_by_norms<false, true>(u) : update_by_norms<false, false>(u);
}

}  // namespace
}  // namespace udl
