#pragma once
// The epilogue of a product: x = scale * sum + bias, p = 1 / (1 + e^-x), sample, pack.
#include <algorithm>

#include "base/bits.h"
#include "base/fixed.h"
#include "kernels/cpu/rbm/units/decisions.h"
#include "kernels/cpu/rbm/units/draws.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

template <bool kExact>
UDL_ALWAYS_INLINE f32x16 preactivation(const UnitInput& in, int64_t row, f32x16 scale,
                                       f32x16 bias) {
  if constexpr (kExact) return to_float(load(in.sums + row * kTileUnits)) * scale + bias;
  return load(in.float_sums + row * kTileUnits) * scale + bias;
}

UDL_ALWAYS_INLINE i32x16 to_fixed(f32x16 p) {
  return round_to_int(min(p * broadcast(kProbabilityOne), broadcast(kProbabilityMax)));
}

/// x of four rows.
template <bool kExact>
UDL_ALWAYS_INLINE void preactivations(const UnitInput& in, int64_t first, f32x16 scale, f32x16 bias,
                                      f32x16 (&out)[4]) {
  for (int k = 0; k < 4; ++k) out[k] = preactivation<kExact>(in, first + k, scale, bias);
}

UDL_ALWAYS_INLINE void store_samples(const UnitOutput& out, int64_t first, int valid,
                                     const uint16_t (&bits)[4]) {
  for (int k = 0; k < valid; ++k) set_tile_bits(out.sample_words + first + k, out.tile, bits[k]);
}

/// Samples alone: most units need no exact e^-x.
template <bool kExact>
void sample_rows(const UnitInput& in, const UnitOutput& out) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias);
  const TileDraws of_tile(out.draw_key, out.tile);
  for (int64_t first = 0; first < in.rows; first += 4) {
    f32x16 x[4];
    preactivations<kExact>(in, first, scale, bias, x);
    i32x16 draws[4];
    of_tile.rows(out.first_chain + static_cast<uint32_t>(first), draws);
    uint16_t bits[4];
    decide(x, draws, bits);
    store_samples(out, first, static_cast<int>(std::min<int64_t>(4, in.rows - first)), bits);
  }
}

/// Four rows at a time; sums are padded to whole fours, results of padding rows are dropped or
/// zeroed.
template <bool kExact, bool kSample>
void activate_rows(const UnitInput& in, const UnitOutput& out) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias), zero = broadcast(0.0f),
               one = broadcast(1.0f);
  const TileDraws of_tile(out.draw_key, out.tile);
  for (int64_t first = 0; first < in.rows; first += 4) {
    f32x16 x[4], denominator[4];
    preactivations<kExact>(in, first, scale, bias, x);
    for (int k = 0; k < 4; ++k) denominator[k] = one + exp_negative(x[k]);
    const int valid = static_cast<int>(std::min<int64_t>(4, in.rows - first));
    if constexpr (kSample) {
      i32x16 draws[4];
      of_tile.rows(out.first_chain + static_cast<uint32_t>(first), draws);
      uint16_t bits[4];
      for (int k = 0; k < 4; ++k) bits[k] = fires(draws[k], denominator[k]);
      store_samples(out, first, valid, bits);
    }
    for (int k = 0; k < 4; ++k) {
      const f32x16 p = k < valid ? one / denominator[k] : zero;
      if (out.means_fixed) store(out.means_fixed + (first + k) * kTileUnits, to_fixed(p));
      if (out.means) store(out.means + (first + k) * kTileUnits, p);
    }
  }
}

template <bool kExact>
void activate_input(const UnitInput& in, const UnitOutput& out) {
  const bool means = out.means_fixed || out.means;
  if (out.sample_words && means) return activate_rows<kExact, true>(in, out);
  if (out.sample_words) return sample_rows<kExact>(in, out);
  activate_rows<kExact, false>(in, out);
}

void activate_bernoulli(const UnitInput& in, const UnitOutput& out) {
  if (in.sums) return activate_input<true>(in, out);
  activate_input<false>(in, out);
}

void sample_values(const float* values, int64_t rows, int64_t row_stride, const DrawKey& draw_key,
                   uint32_t first_chain, int64_t tile, uint64_t* sample_words) {
  const f32x16 one = broadcast(kUniformOne);
  const TileDraws of_tile(draw_key, tile);
  for (int64_t first = 0; first < rows; first += 4) {
    i32x16 draws[4];
    of_tile.rows(first_chain + static_cast<uint32_t>(first), draws);
    for (int64_t row = first; row < rows && row < first + 4; ++row) {
      const f32x16 p = load(values + row * row_stride + tile * kTileUnits);
      set_tile_bits(sample_words + row, tile, less(uniform_of(draws[row - first]), p * one));
    }
  }
}

}  // namespace
}  // namespace udl
