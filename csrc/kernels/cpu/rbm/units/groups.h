#pragma once
// Softmax over groups of units, sixteen rows at a time: lanes are rows, so that a group may start
// and end anywhere.
#include <algorithm>

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
  const int64_t n_tiles = divide_up(in.starts[in.n_groups], kTileUnits);
  for (int64_t tile = 0; tile < n_tiles; ++tile)
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

/// Calls work(group, its columns, units) for every group.
template <class Work>
UDL_ALWAYS_INLINE void for_each_group(const GroupInput& in, float* columns, Work&& work) {
  load_group_columns(in, columns);
  for (int64_t g = 0; g < in.n_groups; ++g)
    work(g, columns + in.starts[g] * kTileUnits, in.starts[g + 1] - in.starts[g]);
}

void group_probabilities(const GroupInput& in, float* out) {
  for_each_group(in, out, [](int64_t, float* group, int64_t n_units) {
    const f32x16 total = group_exponentials<false>(group, n_units);
    for (int64_t i = 0; i < n_units; ++i)
      store(group + i * kTileUnits, load(group + i * kTileUnits) / total);
  });
}

void choose_in_groups(const GroupInput& in, const GroupDraws& draws, float* scratch,
                      int32_t* chosen) {
  const f32x16 zero = broadcast(0.0f), one = broadcast(1.0f);
  const f32x16 uniform_unit = broadcast(1.0f / kUniformOne);
  for_each_group(in, scratch, [&](int64_t g, float* group, int64_t n_units) {
    const f32x16 total = group_exponentials<true>(group, n_units);
    const i32x16 bits =
        draws_of_unit(draws.key, draws.first_chain, static_cast<uint32_t>(in.starts[g]));
    const f32x16 u = to_float(shift_right_logical<kUniformShift>(bits)) * uniform_unit;
    const f32x16 bound = u * total;
    f32x16 n_within = zero;  // units whose cumulated sum does not exceed the bound
    for (int64_t i = 0; i + 1 < n_units; ++i)
      n_within = n_within + where_less(bound, load(group + i * kTileUnits), zero, one);
    store(chosen + g * kTileUnits, round_to_int(n_within));
  });
}

}  // namespace
}  // namespace udl
