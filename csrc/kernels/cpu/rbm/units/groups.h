#pragma once
// Softmax over groups of units, sixteen rows at a time: lanes are rows, so that a group may start
// and end anywhere.
#include <algorithm>

#include "kernels/cpu/rbm/units/decisions.h"
#include "kernels/cpu/rbm/units/draws.h"
#include "kernels/cpu/rbm/units/real_valued.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Inputs of units that are activated later, as `means`.
struct InputsAlone {
  UDL_ALWAYS_INLINE f32x16 mean(f32x16 x) const { return x; }
  UDL_ALWAYS_INLINE f32x16 sample(f32x16 x, i32x16) const { return x; }
};

void keep_inputs(const UnitInput& in, const UnitOutput& out) {
  activate_real(in, out, InputsAlone{});
}

/// Inputs with units as rows, at the temperatures of theirs: columns[16 i + r].
void load_group_columns(const GroupInput& in, float* columns) {
  const f32x16 betas = in.betas != nullptr ? load(in.betas) : broadcast(1.0f);
  for (int64_t tile = 0; tile < in.n_tiles; ++tile)
    for (int q = 0; q < kTileUnits; q += 4) {
      f32x16 four[4];
      load_columns(in.inputs + tile * in.tile_stride + q, kTileUnits, four);
      for (int k = 0; k < 4; ++k)
        store(columns + (tile * kTileUnits + q + k) * kTileUnits, betas * four[k]);
    }
}

/// e^x of a group over that of its largest x, in place, or all of them up to each unit. Returns
/// their total.
template <bool kCumulate>
UDL_ALWAYS_INLINE f32x16 group_exponentials(float* group, int64_t n_units) {
  f32x16 largest = load(group);
  for (int64_t i = 1; i < n_units; ++i) largest = max(largest, load(group + i * kTileUnits));
  f32x16 total = broadcast(0.0f);
  for (int64_t first = 0; first < n_units; first += kTileUnits) {
    f32x16 part = broadcast(0.0f);
    for (int64_t i = first; i < std::min(n_units, first + kTileUnits); ++i) {
      float* unit = group + i * kTileUnits;
      const f32x16 e = exp_negative(largest - load(unit));
      part = part + e;
      store(unit, kCumulate ? total + part : e);
    }
    total = total + part;
  }
  return total;
}

/// Calls work(number of the group, the group, its columns) for every group.
template <class Work>
UDL_ALWAYS_INLINE void for_each_group(const GroupInput& in, float* columns, Work&& work) {
  load_group_columns(in, columns);
  const int64_t first_unit = in.first_tile * kTileUnits;
  for (int64_t g = 0; g < in.n_groups; ++g)
    work(g, in.groups[g], columns + (in.groups[g].first - first_unit) * kTileUnits);
}

/// 1 + e^-x of a group of one.
UDL_ALWAYS_INLINE f32x16 one_plus_exponential(const float* unit) {
  return broadcast(1.0f) + exp_negative(load(unit));
}

void group_probabilities(const GroupInput& in, float* out) {
  for_each_group(in, out, [](int64_t, const UnitRange& units, float* group) {
    if (units.size() == 1) return store(group, broadcast(1.0f) / one_plus_exponential(group));
    const f32x16 total = group_exponentials<false>(group, units.size());
    for (int64_t i = 0; i < units.size(); ++i)
      store(group + i * kTileUnits, load(group + i * kTileUnits) / total);
  });
}

/// The first unit whose cumulated sum exceeds u times the total.
UDL_ALWAYS_INLINE f32x16 chosen_unit(float* group, int64_t n_units, i32x16 draws) {
  const f32x16 zero = broadcast(0.0f), one = broadcast(1.0f);
  const f32x16 total = group_exponentials<true>(group, n_units);
  const f32x16 bound = uniform_of(draws) * broadcast(1.0f / kUniformOne) * total;
  f32x16 n_within = zero;  // units whose cumulated sum does not exceed the bound
  for (int64_t i = 0; i + 1 < n_units; ++i)
    n_within = n_within + where_less(bound, load(group + i * kTileUnits), zero, one);
  return n_within;
}

void choose_in_groups(const GroupInput& in, const GroupDraws& of, float* scratch, int32_t* chosen) {
  for_each_group(in, scratch, [&](int64_t g, const UnitRange& units, float* group) {
    const i32x16 draws = draws_of_unit(of.key, of.first_chain, static_cast<uint32_t>(units.first));
    const f32x16 found = units.size() == 1
                             ? where_less(uniform_of(draws) * one_plus_exponential(group),
                                          broadcast(kUniformOne), broadcast(0.0f), broadcast(-1.0f))
                             : chosen_unit(group, units.size(), draws);
    store(chosen + g * kTileUnits, round_to_int(found));
  });
}

}  // namespace
}  // namespace udl
